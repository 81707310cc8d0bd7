#pragma once

#include <memory>
#include <optional>

#include "ravine/train/averages/observed_buffers.hpp"
#include "ravine/train/averages/weight_average.hpp"
#include "ravine/train/training/batch_loader.hpp"

namespace ravine {

/// The average of the weights of a run as something that can be evaluated: with running statistics of its
/// own, which are taken when they are asked for and something has changed since.
class AveragedWeights {
public:
    /// Statistics are of the training part, `batch` examples at a time. References must outlive it.
    AveragedWeights(Averaging averaging, const Network& network, const Parts& parts, int64_t batch,
                    std::shared_ptr<const AugmentationChain> augmentation, uint64_t seed,
                    CompileOptions options);

    /// The weights after update number `step`, 1 for the first, of `total`: whether they count is the
    /// averaging's `start` to say.
    void add(const Parameters& weights, int64_t step, int64_t total);
    bool has_begun() const { return average_.count() > 0; }
    const Parameters& parameters();
    /// `buffers` are those of training, whose places they take.
    const Vector& buffers(const Vector& buffers);
    /// Forward passes over batches for running statistics.
    int64_t forward_passes() const { return forward_passes_; }
    /// Keeps the average as it stands, and returns to it: where numbers cease to be finite.
    void keep();
    void restore();
    SavedState state();

private:
    Averaging averaging_;
    const Network& network_;
    const Parts& parts_;
    int64_t batch_;
    std::shared_ptr<const AugmentationChain> augmentation_;
    uint64_t seed_;
    CompileOptions options_;
    WeightAverage average_;
    Parameters parameters_;
    Vector buffers_;
    std::optional<BatchLoader> loader_;  // made when statistics are taken for the first time
    std::optional<ObservedBuffers> statistics_;
    int64_t parameters_count_ = 0, buffers_count_ = 0;  // updates in what they were computed from
    Vector kept_;
    int64_t kept_count_ = 0;
    int64_t forward_passes_ = 0;
};

}  // namespace ravine
