#pragma once

#include <memory>
#include <vector>

#include "ravine/data/sources/catalog.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "ravine/train/training/batch_sample.hpp"

namespace ravine {

/// The training loss on random batches of the validation part, by which learned rates may be judged (Ravaut
/// and Gorti 2018, eq. 22-23). Which examples is a function of seed and step alone, so that a resumed run
/// sees the same ones.
class ValidationJudge {
public:
    /// All references must outlive it. Throws RequestError where there are no validation examples.
    ValidationJudge(const Network& network, const Parts& parts, const Vector& buffers, int64_t batch,
                    uint64_t seed, CompileOptions compile,
                    const std::shared_ptr<const AugmentationChain>& augmentation);

    /// On a batch of its own for each step, with the random layers of that step. Allocates nothing after the
    /// first.
    GraphObjective& draw(int64_t step);

    const Work& work() const { return objective_->work(); }

private:
    int64_t count_, batch_;  // examples of the validation part, and of a batch
    uint64_t seed_;
    BatchLoader loader_;
    Sample sample_;
    std::unique_ptr<GraphObjective> objective_;
    std::vector<int64_t> examples_;
};

}  // namespace ravine
