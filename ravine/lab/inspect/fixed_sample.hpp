#pragma once

#include <vector>

#include "ravine/lab/run/run.hpp"
#include "ravine/train/training/batch_sample.hpp"

namespace ravine {

/// Some training examples of a run that are looked at again and again: drawn by the run's seed, the same each
/// time, augmented as the run's first update would see them. The run must outlive them.
class FixedSample {
public:
    /// `count` examples, or all where there are fewer.
    FixedSample(const Run& run, int64_t count);

    int64_t size() const { return static_cast<int64_t>(examples_.size()); }
    /// The random layers draw as update `step` would.
    Sample at_step(int64_t step) const;

private:
    std::vector<int64_t> examples_;
    uint64_t seed_;
    BatchLoader loader_;
    Sample sample_;
};

}  // namespace ravine
