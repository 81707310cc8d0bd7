#include "ravine/exec/cpu/dnnl/transposition.hpp"

#include <algorithm>
#include <array>

// Highway includes this file once for every instruction set; the order of its headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ravine/exec/cpu/dnnl/transposition.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace ravine::transposition::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

template <class T>
void transpose_blocks(const T* from, int64_t rows, int64_t columns, T* to) {
    for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
}

#else

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
constexpr size_t side = 16 / sizeof(T);  // of a block: the numbers of a vector of 128 bits

/// Each round shuffles the rows of the upper half and the lower half into one another; after log2(side) of
/// them columns stand where rows stood.
template <class T>
HWY_INLINE void transpose_block(const T* from, int64_t from_step, T* to, int64_t to_step) {
    const hn::Full128<T> d;
    std::array<hn::Vec<hn::Full128<T>>, side<T>> rows;
    for (auto& row : rows) row = hn::LoadU(d, from), from += from_step;
    for (size_t round = 1; round < side<T>; round *= 2) {
        const auto old = rows;
        for (size_t i = 0; i < side<T> / 2; ++i) {
            rows[2 * i] = hn::InterleaveLower(d, old[i], old[i + side<T> / 2]);
            rows[2 * i + 1] = hn::InterleaveUpper(d, old[i], old[i + side<T> / 2]);
        }
    }
    for (const auto& row : rows) hn::StoreU(row, d, to), to += to_step;
}

/// The last blocks of a row or a column overlap those before them where they do not fit.
template <class T>
void transpose_blocks(const T* from, int64_t rows, int64_t columns, T* to) {
    constexpr auto step = static_cast<int64_t>(side<T>);
    for (int64_t i = 0; i < rows; i += step) {
        const int64_t row = std::min(i, rows - step);
        for (int64_t j = 0; j < columns; j += step) {
            const int64_t column = std::min(j, columns - step);
            transpose_block(from + row * columns + column, columns, to + column * rows + row, rows);
        }
    }
}

#endif

void Transpose16(const uint16_t* from, int64_t rows, int64_t columns, uint16_t* to) {
    transpose_blocks(from, rows, columns, to);
}

void Transpose32(const float* from, int64_t rows, int64_t columns, float* to) {
    transpose_blocks(from, rows, columns, to);
}

}  // namespace ravine::transposition::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ravine {
namespace transposition {

HWY_EXPORT(Transpose16);
HWY_EXPORT(Transpose32);

}  // namespace transposition

void transpose(const float* from, int64_t rows, int64_t columns, float* to) {
    using namespace transposition;
    HWY_DYNAMIC_DISPATCH(Transpose32)(from, rows, columns, to);
}

void transpose(const Bfloat16* from, int64_t rows, int64_t columns, Bfloat16* to) {
    using namespace transposition;
    HWY_DYNAMIC_DISPATCH(Transpose16)
    (reinterpret_cast<const uint16_t*>(from), rows, columns, reinterpret_cast<uint16_t*>(to));
}

}  // namespace ravine
#endif  // HWY_ONCE
