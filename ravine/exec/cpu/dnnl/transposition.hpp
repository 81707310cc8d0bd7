#pragma once

#include <cstdint>

#include "ravine/exec/plan/kernel.hpp"

namespace ravine {

/// to[j, i] = from[i, j], in blocks that stand in registers (Highway).
void transpose(const float* from, int64_t rows, int64_t columns, float* to);
void transpose(const Bfloat16* from, int64_t rows, int64_t columns, Bfloat16* to);

/// Both extents of a matrix must have so many for that.
constexpr int64_t fewest_to_transpose = 8;

}  // namespace ravine
