#pragma once

#include <cstddef>
#include <string>

namespace ravine {

/// What a program computes in. Master weights and state are double for f64 and float for f32.
enum class Precision { f64, f32 };

/// "f64" or "f32".
std::string to_string(Precision precision);

/// Reads "f64" or "f32"; throws RequestError for anything else (bf16 among them, with the reason).
Precision parse_precision(const std::string& text);

/// Bytes of one stored number.
constexpr size_t element_size(Precision precision) { return precision == Precision::f64 ? 8 : 4; }

}  // namespace ravine
