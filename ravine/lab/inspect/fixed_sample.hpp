#pragma once

#include <vector>

#include "ravine/lab/run/run.hpp"
#include "ravine/train/training/batch_loader.hpp"

namespace ravine {

/// Some training examples of a run that are looked at again and again: drawn by the run's seed, the same each
/// time, augmented as the run's first update would see them. The run must outlive them.
class FixedSample {
public:
    /// `count` examples, or all where there are fewer.
    FixedSample(const Run& run, int64_t count);

    int64_t size() const { return static_cast<int64_t>(examples_.size()); }
    const BatchLoader& loader() const { return loader_; }
    /// What keys the random layers: one choice for each `step`.
    RandomContext random(int64_t step) const;

private:
    std::vector<int64_t> examples_;
    uint64_t seed_;
    BatchLoader loader_;
};

}  // namespace ravine
