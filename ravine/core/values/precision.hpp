#pragma once

#include <cstddef>
#include <string>

namespace ravine {

/// What a program computes in. Master weights, state and whatever is handed in and out are double for f64 and
/// float for f32 and bf16. bf16 rounds activations and the factors of products to bfloat16 (8 bits of
/// precision, the range of float) and accumulates products in float; statistics, losses, reductions, updates
/// and curvature stay in float.
enum class Precision { f64, f32, bf16 };

/// "f64", "f32" or "bf16".
std::string to_string(Precision precision);

/// Reads "f64", "f32" or "bf16"; throws RequestError for anything else, and for bf16 where the processor
/// lacks its instructions.
Precision parse_precision(const std::string& text);

/// Throws RequestError with the reason where this processor cannot compute in `precision`.
void require_supported(Precision precision);

/// What vectors of this precision are stored in: f32 for bf16.
constexpr Precision storage_precision(Precision precision) {
    return precision == Precision::f64 ? Precision::f64 : Precision::f32;
}

/// Bytes of one stored number.
constexpr size_t element_size(Precision precision) { return precision == Precision::f64 ? 8 : 4; }

}  // namespace ravine
