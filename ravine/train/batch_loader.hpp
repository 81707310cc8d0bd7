#pragma once

#include <span>

#include "ravine/core/vector.hpp"
#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"

namespace ravine {

/// Fills the input tensors of a program from a data set: normalised features, targets, example weights. The
/// tensors keep their place, so that programs bind them once.
class BatchLoader {
public:
    /// For batches of at most `largest` examples. The data set must outlive the loader.
    BatchLoader(const Dataset& data, const Normalization& features, const Normalization& targets,
                int64_t largest, Precision precision);

    /// Fills the first rows with these examples; weights are 1. Allocates nothing.
    void load(std::span<const int64_t> examples);

    const Vector& features() const { return features_; }
    const Vector& targets() const { return targets_; }
    const Vector& example_weights() const { return weights_; }

private:
    const Dataset& data_;
    const Normalization& feature_normalization_;
    const Normalization& target_normalization_;
    Vector features_, targets_, weights_;
};

}  // namespace ravine
