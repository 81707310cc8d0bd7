#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/core/values/vector.hpp"

namespace ravine {

/// A tensor with its name; the data are dense and row-major.
struct NamedTensor {
    std::string name = {};
    Shape shape = {};
    Vector data = {};  ///< f32 or f64
};

/// The contents of a safetensors file: an 8-byte little-endian header length, a JSON header of at most 100
/// MB, and the tensors' bytes without gaps (format of the Hugging Face safetensors library, version 0.4).
struct TensorFile {
    std::vector<NamedTensor> tensors = {};  ///< in the order of the file
    std::map<std::string, std::string> metadata = {};

    /// The tensor of that name, or nullptr.
    const NamedTensor* find(const std::string& name) const;
};

/// Reads F32, F64, F16 and BF16 tensors (the last two widened to f32, exactly) and I64 ones (as f64). Throws
/// RequestError with the place for a file that is missing, truncated, oversized, no safetensors file, or
/// whose header contradicts itself.
TensorFile read_safetensors(const std::filesystem::path& path);

/// Writes atomically. F64 tensors come first, so that every tensor is aligned; otherwise the order is kept.
/// Throws RunError where the file cannot be written, std::logic_error for two tensors of one name or a shape
/// that does not fit its data.
void write_safetensors(const std::filesystem::path& path, const TensorFile& file);

}  // namespace ravine
