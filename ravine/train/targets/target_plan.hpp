#pragma once

#include <string>
#include <vector>

#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"
#include "ravine/nn/loss.hpp"
#include "ravine/train/targets/target_evolution.hpp"

namespace ravine {

/// y0 of a start for these training targets, as the loss sees them (normalised), a number a column. Throws
/// RequestError where the start makes no sense for loss or task: a null vector under a softmax, a uniform
/// distribution of numbers.
std::vector<double> start_targets(TargetStart start, const Loss& loss, const std::string& loss_name,
                                  const Dataset& training, const Normalization& targets);

/// Makes a plan for a run of `epochs` epochs. Distances are those of the loss, mean over at most 100 of the
/// training examples; for a loss that is no divergence the divergence nearest to it stands in. Throws
/// RequestError where t would not become final within the epochs, and as start_targets() does.
TargetPlan make_target_plan(const TargetEvolution& settings, const Loss& loss, const std::string& loss_name,
                            const Dataset& training, const Normalization& targets, int64_t epochs);

}  // namespace ravine
