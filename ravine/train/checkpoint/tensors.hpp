#pragma once

#include <string>
#include <vector>

#include "ravine/core/values/parameters.hpp"
#include "ravine/data/formats/safetensors.hpp"

namespace ravine {

// Flat vectors as the named tensors of a file, and back.

/// Throws RequestError where a tensor of the file `what` has another shape than the slice.
void check_shape(const NamedTensor& tensor, const Slice& slice, const std::string& what);

/// The file's tensor of each slice, by name. Throws RequestError for the first that is missing or of another
/// shape.
std::vector<const NamedTensor*> find_tensors(const TensorFile& file, const std::string& what,
                                             const ParameterLayout& layout);

/// Copies the tensor of each slice to its place.
void copy_tensors(const std::vector<const NamedTensor*>& tensors, const ParameterLayout& layout,
                  Vector& values);

/// Appends one tensor for each slice, in order.
void append_tensors(TensorFile& file, const std::string& prefix, const ParameterLayout& layout,
                    const Vector& values);

}  // namespace ravine
