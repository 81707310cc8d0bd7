#pragma once

#include <cstdint>
#include <vector>

#include "ravine/data/dataset.hpp"

namespace ravine {

/// Which examples of a set go to which part; each list ascending, together 0 ... n-1.
struct Split {
    std::vector<int64_t> training, validation, test;
};

/// How many of n examples a share is: share * n rounded, at least 1 where the share is above 0.
int64_t share_count(double share, int64_t n);

/// Splits by `seed` alone. For classification every part gets each class in its proportion, to about one
/// example; a class of one example goes to training, where that is more than half. Other
/// tasks are split at random. Throws RequestError where
/// no training example would be left.
Split split_examples(const Dataset& data, int64_t validation_count, int64_t test_count, uint64_t seed);

}  // namespace ravine
