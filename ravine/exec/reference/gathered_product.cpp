#include "ravine/exec/reference/gathered_product.hpp"

#include <algorithm>

#include "ravine/core/threads/threads.hpp"

// Highway includes this file once for every instruction set; the order of its headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ravine/exec/reference/gathered_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#ifndef RAVINE_GATHERED_PRODUCT_SIZES
#define RAVINE_GATHERED_PRODUCT_SIZES
namespace ravine {

// A tile of c that registers hold while k is walked: 24 vectors of AVX-512. Narrower vectors take it in
// parts.
constexpr int64_t tile_rows = 8, tile_columns = 24;

}  // namespace ravine
#endif

HWY_BEFORE_NAMESPACE();
namespace ravine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// tile [tile_rows, tile_columns] <- a' b of panels a [k, tile_rows] and b [k, tile_columns].
void TileProduct(int64_t k, const double* HWY_RESTRICT a, const double* HWY_RESTRICT b,
                 double* HWY_RESTRICT tile) {
    const hn::CappedTag<double, 8> d;
    const auto width = static_cast<int64_t>(hn::Lanes(d));
    constexpr int64_t vectors = 3;
    constexpr int64_t rows = HWY_MAX_BYTES >= 64 ? 8 : 4;  // as many sums as registers hold
    for (int64_t i = 0; i < tile_rows; i += rows) {
        for (int64_t j = 0; j < tile_columns; j += vectors * width) {
            hn::Vec<decltype(d)> sums[rows][vectors];
            for (auto& row : sums)
                for (auto& sum : row) sum = hn::Zero(d);
            const double *x = a + i, *y = b + j;
            for (int64_t l = 0; l < k; ++l, x += tile_rows, y += tile_columns) {
                const auto y0 = hn::LoadU(d, y), y1 = hn::LoadU(d, y + width),
                           y2 = hn::LoadU(d, y + 2 * width);
#pragma GCC unroll 8
                for (int64_t r = 0; r < rows; ++r) {
                    const auto factor = hn::Set(d, x[r]);
                    sums[r][0] = hn::MulAdd(factor, y0, sums[r][0]);
                    sums[r][1] = hn::MulAdd(factor, y1, sums[r][1]);
                    sums[r][2] = hn::MulAdd(factor, y2, sums[r][2]);
                }
            }
            for (int64_t r = 0; r < rows; ++r)
                for (int64_t v = 0; v < vectors; ++v)
                    hn::StoreU(sums[r][v], d, tile + (i + r) * tile_columns + j + v * width);
        }
    }
}

}  // namespace ravine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ravine {
namespace {

HWY_EXPORT(TileProduct);

// Blocks: one of a and one of b fit into the second-level cache of a thread.
constexpr int64_t block_rows = 12 * tile_rows, block_columns = 8 * tile_columns, block_depth = 256;
constexpr int64_t scratch_doubles =
    block_rows * block_depth + block_depth * block_columns + tile_rows * tile_columns;

int64_t parts_of(int64_t count, int64_t size) { return (count + size - 1) / size; }

struct Range {
    int64_t begin, end;
    int64_t size() const { return end - begin; }
};

Range part(int64_t i, int64_t size, int64_t count) { return {i * size, std::min((i + 1) * size, count)}; }

/// Copies x[outer[i] + inner[l]] for i, l of the ranges into panels [l, width] of `width` of the i; 0 beyond
/// the end.
template <int64_t width>
void pack(const double* x, const std::vector<int64_t>& outer, Range is, const std::vector<int64_t>& inner,
          Range ls, double* to) {
    for (int64_t first = is.begin; first < is.end; first += width) {
        const int64_t here = std::min(width, is.end - first);
        const int64_t* starts = outer.data() + first;
        for (int64_t l = ls.begin; l < ls.end; ++l, to += width) {
            const double* from = x + inner[static_cast<size_t>(l)];
            for (int64_t i = 0; i < here; ++i) to[i] = from[starts[i]];
            std::fill(to + here, to + width, 0.0);
        }
    }
}

}  // namespace

int64_t gathered_product_scratch(int threads) {
    return threads * scratch_doubles * static_cast<int64_t>(sizeof(double));
}

void gathered_product(int threads, const GatheredMatrix& a, const double* x, const GatheredMatrix& b,
                      const double* y, double* c, void* scratch) {
    const auto m = std::ssize(a.rows), k = std::ssize(a.columns), n = std::ssize(b.columns);
    if (k == 0) std::fill_n(c, m * n, 0.0);
    if (2 * m * n * k < 200'000) threads = 1;  // done before a thread has woken
    // Smaller blocks where the threads would have too few.
    int64_t height = block_rows, width = block_columns;
    const auto blocks = [&] { return parts_of(m, height) * parts_of(n, width); };
    while (threads > 1 && blocks() < 4 * threads && height > 2 * tile_rows) height -= 2 * tile_rows;
    while (threads > 1 && blocks() < 4 * threads && width > tile_columns) width -= tile_columns;
    const int64_t across = parts_of(n, width);
    const auto tile_product = HWY_DYNAMIC_DISPATCH(TileProduct);
    stealing_work(threads, blocks(), [&](int thread, int64_t block) {
        double* packed_a = static_cast<double*>(scratch) + thread * scratch_doubles;
        double* packed_b = packed_a + block_rows * block_depth;
        double* tile = packed_b + block_depth * block_columns;
        const Range is = part(block / across, height, m), js = part(block % across, width, n);
        for (int64_t depth = 0; depth < k; depth += block_depth) {
            const Range ls{depth, std::min(depth + block_depth, k)};
            pack<tile_rows>(x, a.rows, is, a.columns, ls, packed_a);
            pack<tile_columns>(y, b.columns, js, b.rows, ls, packed_b);
            for (int64_t j = js.begin; j < js.end; j += tile_columns)
                for (int64_t i = is.begin; i < is.end; i += tile_rows) {
                    tile_product(ls.size(), packed_a + (i - is.begin) * ls.size(),
                                 packed_b + (j - js.begin) * ls.size(), tile);
                    const int64_t rows = std::min(tile_rows, is.end - i),
                                  columns = std::min(tile_columns, js.end - j);
                    for (int64_t r = 0; r < rows; ++r) {
                        const double* from = tile + r * tile_columns;
                        double* to = c + (i + r) * n + j;
                        if (depth == 0)
                            std::copy_n(from, columns, to);
                        else
                            for (int64_t q = 0; q < columns; ++q) to[q] += from[q];
                    }
                }
        }
    });
}

}  // namespace ravine
#endif  // HWY_ONCE
