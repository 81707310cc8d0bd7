#include "ravine/exec/cpu/thin/thin_products.hpp"

#include <algorithm>
#include <array>
#include <utility>

// Highway includes this file once for every instruction set; the order of its headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ravine/exec/cpu/thin/thin_products.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "ravine/exec/cpu/dnnl/bfloat16-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace ravine::thin::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL

namespace hn = hwy::HWY_NAMESPACE;
namespace bf = bfloat16::HWY_NAMESPACE;
using bf::D;
using bf::V;

static_assert(hn::MaxLanes(D()) == lanes);

using Bits = hn::ScalableTag<uint32_t>;

HWY_INLINE V load_words(const float* from) { return hn::LoadU(D(), from); }
HWY_INLINE hn::Vec<Bits> load_words(const Pair* from) {
    return hn::LoadU(Bits(), reinterpret_cast<const uint32_t*>(from));
}

/// sum + vector * word.
HWY_INLINE V multiply_add(V vector, const float* word, V sum) {
    return hn::MulAdd(vector, hn::Set(D(), *word), sum);
}
/// sum + the products of both numbers.
HWY_INLINE V multiply_add(hn::Vec<Bits> vector, const Bfloat16* word, V sum) {
    asm("vdpbf16ps %2%{1to16%}, %1, %0"  // Highway 1.0 does not know it
        : "+v"(sum.raw)
        : "v"(vector.raw), "m"(*reinterpret_cast<const Pair*>(word)));
    return sum;
}

/// Where a tile begins.
template <class T, class R>
struct Start {
    int64_t vector;                  ///< the first of its channels' vectors
    int64_t kernel_row, kernel_end;  ///< rows of the kernel that see the image
    const T* window;                 ///< the first, at that row
    R* to;
    int64_t left;  ///< numbers of the result's row
};

/// The windows of `blocks` times `pixels` outputs in a row, of `vectors` vectors of channels.
template <class T, class R, size_t vectors, size_t blocks>
void tile(const Convolution<T, R>& c, Start<T, R> start) {
    std::array<std::array<V, vectors>, blocks> sums;
#pragma GCC unroll 14
    for (size_t b = 0; b < blocks; ++b)
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; ++v)
            sums[b][v] = hn::LoadU(D(), c.bias + (start.vector + static_cast<int64_t>(v)) * lanes);
    const Word<T>* kernel =
        c.kernel + (start.vector * c.kernel_rows + start.kernel_row * int64_t{vectors}) * c.words * lanes;
    for (int64_t row = start.kernel_row; row < start.kernel_end; ++row, start.window += c.pitch) {
        const T* word = start.window;
        for (int64_t i = 0; i < c.words; ++i, word += per_word<T>, kernel += vectors * lanes) {
            std::array<decltype(load_words(kernel)), vectors> factors;
            for (size_t v = 0; v < vectors; ++v) factors[v] = load_words(kernel + v * lanes);
#pragma GCC unroll 14
            for (size_t b = 0; b < blocks; ++b)
#pragma GCC unroll 2
                for (size_t v = 0; v < vectors; ++v)
                    sums[b][v] =
                        multiply_add(factors[v], word + static_cast<int64_t>(b) * c.step, sums[b][v]);
        }
    }
    const int64_t numbers = c.pixels * c.out;
    R* to = start.to + start.vector * lanes;
    const bool is_full =
        (start.vector + int64_t{vectors}) * lanes <= numbers && int64_t{blocks} * numbers <= start.left;
    if (is_full) {
#pragma GCC unroll 14
        for (size_t b = 0; b < blocks; ++b, to += numbers)
#pragma GCC unroll 2
            for (size_t v = 0; v < vectors; ++v) bf::store(sums[b][v], to + v * lanes, bf::AllLanes());
        return;
    }
#pragma GCC unroll 14
    for (size_t b = 0; b < blocks; ++b, to += numbers, start.left -= numbers)
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; ++v) {
            const int64_t at = (start.vector + static_cast<int64_t>(v)) * lanes;
            const int64_t count = std::min({lanes, numbers - at, start.left - at});
            if (count > 0) bf::store(sums[b][v], to + v * lanes, static_cast<size_t>(count));
        }
}

template <class T, class R>
using Tile = void (*)(const Convolution<T, R>&, Start<T, R>);

// So many sums of one vector, or of two, and the factors beside them have registers.
constexpr size_t most_blocks = 14;

template <class T, class R, size_t vectors, size_t... blocks>
constexpr std::array<Tile<T, R>, most_blocks> tiles_of(std::index_sequence<blocks...>) {
    return {tile<T, R, vectors, blocks + 1>...};
}

template <class T, class R>
void convolve_rows(const Convolution<T, R>& c) {
    static constexpr auto counts = std::make_index_sequence<most_blocks>();
    static constexpr std::array tiles{tiles_of<T, R, 1>(counts), tiles_of<T, R, 2>(counts)};
    const int64_t blocks = ceiling(c.columns, c.pixels), vectors = c.vectors();
    const int64_t parts = ceiling(blocks, int64_t{most_blocks});
    for (int64_t row = 0; row < c.rows; ++row) {
        const int64_t begin = std::max<int64_t>(0, c.top - row);
        const int64_t end = std::min(c.kernel_rows, c.rows + c.kernel_rows - 1 - c.bottom - row);
        for (int64_t vector = 0; vector < vectors; vector += 2)
            for (int64_t part = 0; part < parts; ++part) {
                const int64_t block = blocks * part / parts, next = blocks * (part + 1) / parts;
                const int64_t column = block * c.pixels;
                tiles[vector + 1 < vectors][static_cast<size_t>(next - block - 1)](
                    c, {.vector = vector,
                        .kernel_row = begin,
                        .kernel_end = end,
                        .window = c.image + (row + begin) * c.pitch + block * c.step,
                        .to = c.result + (row * c.columns + column) * c.out,
                        .left = (c.columns - column) * c.out});
            }
    }
}

/// Where a factor stands for each row of the kernel.
template <size_t kernel_rows, class T>
HWY_INLINE std::array<const Word<T>*, kernel_rows> row_of(const Factor<T>& factor, int64_t row) {
    std::array<const Word<T>*, kernel_rows> result;
#pragma GCC unroll 3
    for (size_t i = 0; i < kernel_rows; ++i)
        result[i] = factor.first + row * factor.row + static_cast<int64_t>(i) * factor.kernel_row;
    return result;
}

template <class T, size_t kernel_rows, size_t columns>
void correlate_part(const Correlation<T>& c) {
    std::array<std::array<V, columns>, kernel_rows> sums;
#pragma GCC unroll 3
    for (size_t i = 0; i < kernel_rows; ++i)
#pragma GCC unroll 8
        for (size_t k = 0; k < columns; ++k) sums[i][k] = hn::Zero(D());
    for (int64_t row = 0; row < c.rows; ++row) {
        auto vectors = row_of<kernel_rows>(c.vectors, row), words = row_of<kernel_rows>(c.words, row);
        for (int64_t position = 0; position < c.positions; ++position)
#pragma GCC unroll 3
            for (size_t i = 0; i < kernel_rows; ++i) {
                const auto factor = load_words(vectors[i]);
                const auto* word = reinterpret_cast<const T*>(words[i]);
#pragma GCC unroll 8
                for (size_t k = 0; k < columns; ++k)
                    sums[i][k] =
                        multiply_add(factor, word + static_cast<int64_t>(k) * per_word<T>, sums[i][k]);
                vectors[i] += c.vectors.position, words[i] += c.words.position;
            }
    }
#pragma GCC unroll 3
    for (size_t i = 0; i < kernel_rows; ++i)
#pragma GCC unroll 8
        for (size_t k = 0; k < columns; ++k) {
            float* sum = c.sums + (static_cast<int64_t>(i) * c.pitch + static_cast<int64_t>(k)) * lanes;
            hn::StoreU(hn::Add(hn::LoadU(D(), sum), sums[i][k]), D(), sum);
        }
}

template <class T, size_t kernel_rows, size_t... columns>
constexpr std::array<void (*)(const Correlation<T>&), most_columns> parts_of(
    std::index_sequence<columns...>) {
    return {correlate_part<T, kernel_rows, columns + 1>...};
}

template <class T>
void correlate_rows(const Correlation<T>& c) {
    static constexpr auto counts = std::make_index_sequence<most_columns>();
    static constexpr std::array<std::array<void (*)(const Correlation<T>&), most_columns>, most_kernel_rows>
        parts{parts_of<T, 1>(counts), parts_of<T, 2>(counts), parts_of<T, 3>(counts)};
    parts[static_cast<size_t>(c.kernel_rows - 1)][static_cast<size_t>(c.columns - 1)](c);
}

template <class T>
void pick_numbers(const float* from, const int32_t* places, int64_t count, T* to) {
    const D d;
    const hn::RebindToSigned<D> whole;
    bf::by_vectors(count, [&](int64_t i, auto n) HWY_ATTR {
        const auto place = hn::LoadU(whole, places + i);
        const auto found = hn::GatherIndex(d, from, hn::Max(place, hn::Zero(whole)));
        const auto is_none = hn::RebindMask(d, hn::Lt(place, hn::Zero(whole)));
        bf::store(hn::IfThenZeroElse(is_none, found), to + i, n);
    });
}

HWY_INLINE void pair_numbers(const Bfloat16* first, const Bfloat16* second, int64_t count, Pair* to) {
    const Bits bits;
    const hn::Rebind<uint16_t, Bits> half;
    auto* words = reinterpret_cast<uint32_t*>(to);
    const auto* low = reinterpret_cast<const uint16_t*>(first);
    const auto* high = reinterpret_cast<const uint16_t*>(second);
    bf::by_vectors(count, [&](int64_t i, auto n) HWY_ATTR {
        const auto mask = hn::FirstN(half, n);
        const auto a = hn::PromoteTo(bits, hn::MaskedLoad(mask, half, low + i));
        const auto b = hn::PromoteTo(bits, hn::MaskedLoad(mask, half, high + i));
        hn::BlendedStore(hn::Or(a, hn::ShiftLeft<16>(b)), hn::FirstN(bits, n), bits, words + i);
    });
}

void MakePairs(const Bfloat16* from, int64_t distance, int64_t count, Pair* to) {
    pair_numbers(from, from + distance, count, to);
}

void PairNeighbours(const Bfloat16* from, int64_t pixels, int64_t channels, Pair* to) {
    for (; pixels > 1; pixels -= 2, from += 2 * channels, to += channels)
        pair_numbers(from, from + channels, channels, to);
    for (int64_t k = 0; k < channels * pixels; ++k) to[k] = {from[k], {}};
}

void Scatter(const float* maxima, const float* places, int64_t windows, int64_t channels, float* upper,
             float* lower) {
    const D d;
    for (int64_t window = 0; window < windows; ++window) {
        bf::by_vectors(channels, [&](int64_t k, auto n) HWY_ATTR {
            const V x = bf::load(maxima + k, n), place = bf::load(places + k, n);
            const auto at = [&](float which)
                                HWY_ATTR { return hn::IfThenElseZero(hn::Eq(place, hn::Set(d, which)), x); };
            bf::store(at(0), upper + k, n), bf::store(at(1), upper + channels + k, n);
            bf::store(at(2), lower + k, n), bf::store(at(3), lower + channels + k, n);
        });
        maxima += channels, places += channels, upper += 2 * channels, lower += 2 * channels;
    }
}

void ScatterBfloat16(const Bfloat16* maxima, const Bfloat16* places, int64_t windows, int64_t channels,
                     Pair* upper, Pair* lower) {
    const Bits bits;
    const hn::Rebind<uint16_t, Bits> half;
    const auto numbers = [&](const Bfloat16* from, size_t n) HWY_ATTR {
        return hn::PromoteTo(
            bits, hn::MaskedLoad(hn::FirstN(half, n), half, reinterpret_cast<const uint16_t*>(from)));
    };
    bf::by_vectors(windows * channels, [&](int64_t i, auto n) HWY_ATTR {
        const auto x = numbers(maxima + i, n), place = numbers(places + i, n);
        const auto write = [&](uint32_t left, uint32_t right, Pair* to) HWY_ATTR {
            const auto first = hn::IfThenElseZero(hn::Eq(place, hn::Set(bits, left)), x);
            const auto second = hn::IfThenElseZero(hn::Eq(place, hn::Set(bits, right)), x);
            hn::BlendedStore(hn::Or(first, hn::ShiftLeft<16>(second)), hn::FirstN(bits, n), bits,
                             reinterpret_cast<uint32_t*>(to));
        };
        write(0, 0x3F80, upper + i);  // the places 0 and 1, as bfloat16 numbers
        write(0x4000, 0x4040, lower + i);
    });
}

bool IsAvailable() { return true; }
void Convolve(const Convolution<float, float>& c) { convolve_rows(c); }
void ConvolveBfloat16(const Convolution<Bfloat16, Bfloat16>& c) { convolve_rows(c); }
void ConvolveMixed(const Convolution<Bfloat16, float>& c) { convolve_rows(c); }
void Correlate(const Correlation<float>& c) { correlate_rows(c); }
void CorrelateBfloat16(const Correlation<Bfloat16>& c) { correlate_rows(c); }
void Pick(const float* from, const int32_t* places, int64_t count, float* to) {
    pick_numbers(from, places, count, to);
}
void PickBfloat16(const float* from, const int32_t* places, int64_t count, Bfloat16* to) {
    pick_numbers(from, places, count, to);
}

#else

bool IsAvailable() { return false; }
void Convolve(const Convolution<float, float>&) {}
void ConvolveBfloat16(const Convolution<Bfloat16, Bfloat16>&) {}
void ConvolveMixed(const Convolution<Bfloat16, float>&) {}
void Correlate(const Correlation<float>&) {}
void CorrelateBfloat16(const Correlation<Bfloat16>&) {}
void Pick(const float*, const int32_t*, int64_t, float*) {}
void PickBfloat16(const float*, const int32_t*, int64_t, Bfloat16*) {}
void MakePairs(const Bfloat16*, int64_t, int64_t, Pair*) {}
void PairNeighbours(const Bfloat16*, int64_t, int64_t, Pair*) {}
void Scatter(const float*, const float*, int64_t, int64_t, float*, float*) {}
void ScatterBfloat16(const Bfloat16*, const Bfloat16*, int64_t, int64_t, Pair*, Pair*) {}

#endif

}  // namespace ravine::thin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ravine::thin {

HWY_EXPORT(IsAvailable);
HWY_EXPORT(Convolve);
HWY_EXPORT(ConvolveBfloat16);
HWY_EXPORT(ConvolveMixed);
HWY_EXPORT(Correlate);
HWY_EXPORT(CorrelateBfloat16);
HWY_EXPORT(Pick);
HWY_EXPORT(PickBfloat16);
HWY_EXPORT(MakePairs);
HWY_EXPORT(PairNeighbours);
HWY_EXPORT(Scatter);
HWY_EXPORT(ScatterBfloat16);

bool is_available() { return HWY_DYNAMIC_DISPATCH(IsAvailable)(); }

void convolve(const Convolution<float, float>& c) { HWY_DYNAMIC_DISPATCH(Convolve)(c); }
void convolve(const Convolution<Bfloat16, Bfloat16>& c) { HWY_DYNAMIC_DISPATCH(ConvolveBfloat16)(c); }
void convolve(const Convolution<Bfloat16, float>& c) { HWY_DYNAMIC_DISPATCH(ConvolveMixed)(c); }

void correlate(const Correlation<float>& c) { HWY_DYNAMIC_DISPATCH(Correlate)(c); }
void correlate(const Correlation<Bfloat16>& c) { HWY_DYNAMIC_DISPATCH(CorrelateBfloat16)(c); }

void pick(const float* from, const int32_t* places, int64_t count, float* to) {
    HWY_DYNAMIC_DISPATCH(Pick)(from, places, count, to);
}
void pick(const float* from, const int32_t* places, int64_t count, Bfloat16* to) {
    HWY_DYNAMIC_DISPATCH(PickBfloat16)(from, places, count, to);
}

void pair(const Bfloat16* from, int64_t distance, int64_t count, Pair* to) {
    HWY_DYNAMIC_DISPATCH(MakePairs)(from, distance, count, to);
}
void pair_neighbours(const Bfloat16* from, int64_t pixels, int64_t channels, Pair* to) {
    HWY_DYNAMIC_DISPATCH(PairNeighbours)(from, pixels, channels, to);
}

void scatter_words(const float* maxima, const float* places, int64_t windows, int64_t channels, float* upper,
                   float* lower) {
    HWY_DYNAMIC_DISPATCH(Scatter)(maxima, places, windows, channels, upper, lower);
}
void scatter_words(const Bfloat16* maxima, const Bfloat16* places, int64_t windows, int64_t channels,
                   Pair* upper, Pair* lower) {
    HWY_DYNAMIC_DISPATCH(ScatterBfloat16)(maxima, places, windows, channels, upper, lower);
}

}  // namespace ravine::thin
#endif  // HWY_ONCE
