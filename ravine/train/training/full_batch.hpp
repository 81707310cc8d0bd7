#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ravine/optim/objective/summed_objective.hpp"
#include "ravine/train/training/batch_sample.hpp"

namespace ravine {

/// The training loss of a network over a whole data set as one batch, for methods that want the same
/// objective at every step: computed by chunks of at most `chunk` examples, in the memory of one of them.
/// Usage:
///
///     FullBatch batch(network, parts.training, normalization, target_normalization, buffers, 1000, compile);
///     optimizer.step(batch.objective(), parameters);
///
/// Network, data, normalisations and buffers must outlive it.
class FullBatch {
public:
    FullBatch(const Network& network, const Dataset& data, const Normalization& features,
              const Normalization& targets, const Vector& buffers, int64_t chunk, CompileOptions options);
    FullBatch(const FullBatch&) = delete;
    FullBatch& operator=(const FullBatch&) = delete;

    SummedObjective& objective() { return *objective_; }
    /// Evaluations from now on see this in place of what batch_sample() says: a penalty, a temperature.
    void set(SampleName name, double scalar);

private:
    /// The examples of chunk number i.
    std::span<const int64_t> examples_of(int64_t i) const;
    /// The objective of that chunk, which is loaded, and the one after it begun.
    Objective& prepared(int64_t i);

    std::vector<int64_t> examples_;
    int64_t chunk_, chunks_;
    BatchLoader loader_;
    Sample sample_;
    std::map<int64_t, std::unique_ptr<GraphObjective>> objectives_;  // by size: the last chunk may be smaller
    int64_t loaded_ = -1;
    std::unique_ptr<SummedObjective> objective_;
};

}  // namespace ravine
