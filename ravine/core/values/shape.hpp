#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ravine {

/// Extents of a tensor, outermost first; the empty shape is a scalar. Data are dense and row-major.
using Shape = std::vector<int64_t>;

/// The product of the extents; 1 for a scalar.
int64_t element_count(const Shape& shape);

/// "[32, 100]"; "[]" for a scalar.
std::string to_string(const Shape& shape);

/// The common shape under NumPy's rule: aligned at the last axis, extents equal or 1.
/// Throws std::logic_error where the shapes do not agree.
Shape broadcast_shape(const Shape& a, const Shape& b);

/// Strides in elements of a dense row-major tensor.
std::vector<int64_t> dense_strides(const Shape& shape);

/// Strides with which a dense tensor of shape `from` is read as if it had the shape `to`; 0 along repeated
/// axes. Requires that `from` broadcasts to `to`.
std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to);

}  // namespace ravine
