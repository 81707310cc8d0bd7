#pragma once

#include <cstdint>
#include <span>

#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"

namespace ravine {

/// Writes the normalised features of `examples`, in their order, to `out`: examples.size() x feature_shape,
/// dense. T is float or double; computed in double and rounded once. Allocates nothing.
template <class T>
void gather_features(const Dataset& data, const Normalization& normalization,
                     std::span<const int64_t> examples, T* out);

/// Writes the targets of `examples` to `out`, [examples.size(), output_count]: one-hot rows for
/// classification, the values themselves for regression and labels, the features of an autoencoding (bytes as
/// numbers in [0, 1]). Allocates nothing.
template <class T>
void gather_targets(const Dataset& data, std::span<const int64_t> examples, T* out);

/// The same with all but one-hot rows normalised by `normalization`, one channel per target. That of labels
/// is the identity.
template <class T>
void gather_targets(const Dataset& data, const Normalization& normalization,
                    std::span<const int64_t> examples, T* out);

}  // namespace ravine
