#pragma once

#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"
#include "ravine/nn/loss.hpp"
#include "ravine/train/targets/target_evolution.hpp"

namespace ravine {

/// y0 of a start for these training targets, as the loss sees them (normalised). Throws RequestError where the
/// start makes no sense for loss or task: a null vector under a softmax, a uniform distribution of numbers.
std::vector<double> start_targets(TargetStart start, const Loss& loss, const std::string& loss_name,
                                  const Dataset& training, const Normalization& targets);

/// The loss of outputs y(from) on targets y(to), mean over at most 100 of the training examples. Of a loss
/// that is no divergence the Kullback-Leibler divergence stands in for it, or squared error where targets are
/// no distributions.
double target_distance(const Loss& loss, std::span<const double> start, const Dataset& training,
                       const Normalization& targets, double from, double to);

/// Makes a plan for a run of `epochs` epochs. Throws RequestError where t would not become final in them.
TargetPlan make_target_plan(const TargetEvolution& settings, const Loss& loss, const std::string& loss_name,
                            const Dataset& training, const Normalization& targets, int64_t epochs);

}  // namespace ravine
