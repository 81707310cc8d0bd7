#include "ravine/exec/onednn/winograd_transforms.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

// Highway includes this file once for every instruction set; the order of its headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ravine/exec/onednn/winograd_transforms.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "ravine/exec/onednn/bfloat16-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace ravine::winograd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace bf = bfloat16::HWY_NAMESPACE;
using bf::by_vectors;
using bf::D;
using bf::load;
using bf::store;
using bf::V;

template <size_t n>
using Column = std::array<V, n>;

// The points a, -a, b, -b with a b = 1, and the products of a point's distances from the four others.
constexpr float a = 1.5f, b = 1 / a, a2 = a * a, b2 = b * b, a3 = a2 * a, b3 = b2 * b;
constexpr float distances_a = 2 * a2 * (a2 - b2), distances_b = 2 * b2 * (b2 - a2);

HWY_INLINE V constant(float x) { return hn::Set(D(), x); }

/// B' x.
HWY_INLINE Column<6> input_column(const Column<6>& x) {
    const V both = constant(a2 + b2);
    const V even_a = hn::NegMulAdd(constant(b2), x[2], x[4]), odd_a = hn::NegMulAdd(constant(b2), x[1], x[3]);
    const V even_b = hn::NegMulAdd(constant(a2), x[2], x[4]), odd_b = hn::NegMulAdd(constant(a2), x[1], x[3]);
    return {hn::NegMulAdd(both, x[2], hn::Add(x[0], x[4])), hn::MulAdd(constant(a), odd_a, even_a),
            hn::NegMulAdd(constant(a), odd_a, even_a),      hn::MulAdd(constant(b), odd_b, even_b),
            hn::NegMulAdd(constant(b), odd_b, even_b),      hn::NegMulAdd(both, x[3], hn::Add(x[1], x[5]))};
}

/// A' x.
HWY_INLINE Column<4> output_column(const Column<6>& x) {
    const V even_a = hn::Add(x[1], x[2]), odd_a = hn::Sub(x[1], x[2]);
    const V even_b = hn::Add(x[3], x[4]), odd_b = hn::Sub(x[3], x[4]);
    return {hn::Add(x[0], hn::Add(even_a, even_b)),
            hn::MulAdd(constant(a), odd_a, hn::Mul(constant(b), odd_b)),
            hn::MulAdd(constant(a2), even_a, hn::Mul(constant(b2), even_b)),
            hn::MulAdd(constant(a3), odd_a, hn::MulAdd(constant(b3), odd_b, x[5]))};
}

/// A x.
HWY_INLINE Column<6> gradient_column(const Column<4>& x) {
    const V even_a = hn::MulAdd(constant(a2), x[2], x[0]), even_b = hn::MulAdd(constant(b2), x[2], x[0]);
    const V odd_a = hn::MulAdd(constant(a3), x[3], hn::Mul(constant(a), x[1]));
    const V odd_b = hn::MulAdd(constant(b3), x[3], hn::Mul(constant(b), x[1]));
    return {
        x[0], hn::Add(even_a, odd_a), hn::Sub(even_a, odd_a), hn::Add(even_b, odd_b), hn::Sub(even_b, odd_b),
        x[3]};
}

/// G x.
HWY_INLINE Column<6> kernel_column(const Column<3>& x) {
    const V even_a = hn::MulAdd(constant(a2 / distances_a), x[2], hn::Mul(constant(1 / distances_a), x[0]));
    const V even_b = hn::MulAdd(constant(b2 / distances_b), x[2], hn::Mul(constant(1 / distances_b), x[0]));
    const V odd_a = constant(a / distances_a), odd_b = constant(b / distances_b);
    return {x[0],
            hn::MulAdd(odd_a, x[1], even_a),
            hn::NegMulAdd(odd_a, x[1], even_a),
            hn::MulAdd(odd_b, x[1], even_b),
            hn::NegMulAdd(odd_b, x[1], even_b),
            x[2]};
}

/// G' x.
HWY_INLINE Column<3> kernel_gradient_column(const Column<6>& x) {
    const V even_a = hn::Mul(constant(1 / distances_a), hn::Add(x[1], x[2]));
    const V even_b = hn::Mul(constant(1 / distances_b), hn::Add(x[3], x[4]));
    const V odd_a = hn::Sub(x[1], x[2]), odd_b = hn::Sub(x[3], x[4]);
    return {hn::Add(x[0], hn::Add(even_a, even_b)),
            hn::MulAdd(constant(a / distances_a), odd_a, hn::Mul(constant(b / distances_b), odd_b)),
            hn::MulAdd(constant(a2), even_a, hn::MulAdd(constant(b2), even_b, x[5]))};
}

/// M x M' for the matrix M that `transform` applies to a column. column(j) gives column j of x and is called
/// once for each, in order; to(i, row) takes the rows of the result, in order.
template <auto transform, size_t n, class From, class To>
HWY_INLINE void both_ways(From column, To to) {
    constexpr size_t m = std::tuple_size_v<decltype(transform(Column<n>()))>;
    std::array<Column<m>, n> half;
    for (size_t j = 0; j < n; ++j) half[j] = transform(column(j));
    for (size_t i = 0; i < m; ++i) {
        Column<n> row;
        for (size_t j = 0; j < n; ++j) row[j] = half[j][i];
        to(i, transform(row));
    }
}

/// What tiles are cut from, or written to: [.., channels].
template <class T, size_t side>
struct Images {
    T* at;
    int64_t channels;
    const std::vector<Line<side>>&rows, &columns;  ///< of the tiles
};

// Channels that are worked on at a time, so that one pixel of so many can stand for all those outside an
// image.
constexpr int64_t chunk = 64;
static_assert(chunk % static_cast<int64_t>(hn::MaxLanes(D())) == 0);

/// The pixels of a tile, row by row, from a channel on; `nothing` for those outside the images.
template <class T, size_t side>
struct Square {
    Square(const Images<T, side>& images, size_t tile, int64_t channel, T* nothing) {
        const Line<side>& rows = images.rows[tile / images.columns.size()];
        const Line<side>& columns = images.columns[tile % images.columns.size()];
        for (size_t i = 0; i < side; ++i)
            for (size_t j = 0; j < side; ++j)
                pixels[i * side + j] = rows[i] == outside || columns[j] == outside
                                           ? nothing
                                           : images.at + rows[i] + columns[j] + channel;
    }
    template <class Count>
    HWY_INLINE Column<side> column(size_t j, int64_t channel, Count n) const {
        Column<side> result;
        for (size_t i = 0; i < side; ++i) result[i] = load(pixels[i * side + j] + channel, n);
        return result;
    }
    /// Asks for the cache lines that begin with this channel.
    HWY_INLINE void prefetch(int64_t channel) const {
        constexpr int64_t line = 64 / sizeof(T);
        if (channel % line != 0) return;
        for (T* pixel : pixels) __builtin_prefetch(pixel + channel, std::is_const_v<T> ? 0 : 1);
    }
    std::array<T*, side * side> pixels;
};

/// Calls body(begin, count) for the channels, a chunk at a time.
template <class Body>
HWY_INLINE void by_chunks(int64_t channels, Body body) {
    for (int64_t c = 0; c < channels; c += chunk) body(c, std::min(chunk, channels - c));
}

/// Calls body(tile, square, c, n) for the vectors of `count` channels from `channel` on of the tiles [begin,
/// end); asks for the next tile's pixels meanwhile.
template <class T, size_t side, class Body>
HWY_INLINE void by_squares(int64_t begin, int64_t end, const Images<T, side>& images, int64_t channel,
                           int64_t count, T* nothing, Body body) {
    const auto square_of = [&](int64_t tile) HWY_ATTR {
        return Square<T, side>(images, static_cast<size_t>(tile), channel, nothing);
    };
    auto next = square_of(begin);
    for (int64_t tile = begin; tile < end; ++tile) {
        const auto square = next;
        if (tile + 1 < end) next = square_of(tile + 1);
        by_vectors(count, [&](int64_t c, auto n) HWY_ATTR {
            next.prefetch(c);
            body(tile, square, c, n);
        });
    }
}

/// Writes transformed squares of the images: of the tiles [begin, end), all positions of all channels, from
/// `to` on.
template <auto transform, size_t side, class T>
HWY_INLINE void write_tiles(int64_t begin, int64_t end, const Images<const T, side>& images, T* to,
                            Steps steps) {
    static const T zeros[chunk] = {};
    for (int64_t part = 0; part < images.channels / steps.part_channels; ++part)
        by_chunks(steps.part_channels, [&](int64_t first, int64_t count) HWY_ATTR {
            T* first_tile = to + part * steps.part + first;
            const auto write_square = [&](int64_t tile, const auto& square, int64_t c, auto n) HWY_ATTR {
                T* at = first_tile + (tile - begin) * steps.tile + c;
                const auto column = [&](size_t j) HWY_ATTR { return square.column(j, c, n); };
                const auto write = [&](size_t, const Column<6>& row) HWY_ATTR {
                    for (const V x : row) store(x, at, n), at += steps.position;
                };
                both_ways<transform, side>(column, write);
            };
            by_squares(begin, end, images, part * steps.part_channels + first, count, zeros, write_square);
        });
}

template <class T>
void input(const Tiles& t, int64_t begin, int64_t end, const T* images, T* v, Steps steps) {
    write_tiles<input_column, 6>(begin, end, Images<const T, 6>{images, t.in, t.input_rows, t.input_columns},
                                 v, steps);
}

template <class T>
void output(const Tiles& t, int64_t begin, int64_t end, Channels channels, const float* m, const float* bias,
            T* outputs) {
    const Images<T, 4> images{outputs, t.out, t.output_rows, t.output_columns};
    T unused[chunk];  // takes what falls outside the images
    by_chunks(channels.count(), [&](int64_t first, int64_t count) HWY_ATTR {
        const int64_t channel = channels.begin + first;
        const auto write_square = [&](int64_t tile, const auto& square, int64_t c, auto n) HWY_ATTR {
            const float* from = m + (tile - begin) * positions * channels.count() + first + c;
            const V start = bias ? load(bias + channel + c, n) : hn::Zero(D());
            // In the order of the memory, row by row: of m' comes the result's transpose.
            const auto row_of_m = [&](size_t) HWY_ATTR {
                Column<6> row;
                for (V& x : row) x = load(from, n), from += channels.count();
                return row;
            };
            const auto write = [&](size_t j, const Column<4>& column) HWY_ATTR {
                for (size_t i = 0; i < 4; ++i)
                    store(hn::Add(column[i], start), square.pixels[4 * i + j] + c, n);
            };
            both_ways<output_column, 6>(row_of_m, write);
        };
        by_squares(begin, end, images, channel, count, unused, write_square);
    });
}

template <class T>
void output_gradient(const Tiles& t, int64_t begin, int64_t end, const T* gradients, T* m, Steps steps) {
    write_tiles<gradient_column, 4>(
        begin, end, Images<const T, 4>{gradients, t.out, t.output_rows, t.output_columns}, m, steps);
}

constexpr int64_t most_lanes = static_cast<int64_t>(hn::MaxLanes(D()));

using Transformed = float[positions][most_lanes];  // a row of the transformed kernel: 32 bits a channel

/// Writes G g G' of the kernels from input channel c to the output channels from the o-th of the part on, one
/// a lane; zeros where there is none.
HWY_INLINE void transform_row(const KernelPart& part, int64_t c, int64_t o, Transformed& numbers) {
    const bool forward = part.direction == Direction::forward;
    const int64_t next_out = forward ? part.in * 9 : 9, next_in = forward ? 9 : part.out * 9;
    HWY_ALIGN float lanes[9][most_lanes] = {};
    const int64_t n =
        c < part.in ? std::min(static_cast<int64_t>(hn::Lanes(D())), part.channels.count() - o) : 0;
    const float* g = part.kernel + (part.channels.begin + o) * next_out + c * next_in;
    for (int64_t k = 0; k < n; ++k, g += next_out)
        for (int64_t i = 0; i < 9; ++i) lanes[i][k] = g[forward ? i : 8 - i];
    size_t at = 0;
    both_ways<kernel_column, 3>(
        [&](size_t j) HWY_ATTR {
            Column<3> column;
            for (size_t i = 0; i < 3; ++i) column[i] = hn::Load(D(), lanes[3 * i + j]);
            return column;
        },
        [&](size_t, const Column<6>& row) HWY_ATTR {
            for (const V x : row) hn::Store(x, D(), numbers[at++]);
        });
}

/// Writes what make(row, o, numbers) leaves in a Transformed for each row of the panels and vector of output
/// channels. The positions of u are a power of two of bytes apart, so that one set of the cache would have to
/// hold all of them: some rows are made beside them and then copied, position after position.
template <class Make>
HWY_INLINE void fill_panels(const Panels& panels, int64_t rows, float* u, Make make) {
    const D d;
    constexpr int64_t most_rows = 8;
    HWY_ALIGN Transformed made[most_rows];
    const auto width = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t o = 0; o < panels.count * panels.panel; o += width)
        for (int64_t begin = 0; begin < rows; begin += most_rows) {
            const int64_t count = std::min(most_rows, rows - begin);
            for (int64_t k = 0; k < count; ++k) make(begin + k, o, made[k]);
            float* to = u + (o / panels.panel * rows + begin) * panels.panel + o % panels.panel;
            for (size_t i = 0; i < positions; ++i, to += panels.count * rows * panels.panel)
                for (int64_t k = 0; k < count; ++k)
                    hn::StoreU(hn::Load(d, made[k][i]), d, to + k * panels.panel);
        }
}

void Kernel(const KernelPart& part, const Panels& panels, float* u) {
    fill_panels(panels, panels.rows, u, [&](int64_t row, int64_t o, Transformed& numbers) HWY_ATTR {
        transform_row(part, row, o, numbers);
    });
}

void KernelBfloat16(const KernelPart& part, const Panels& panels, Bfloat16* u) {
    const D d;
    const hn::RebindToUnsigned<D> whole;
    // Two rows side by side, the first in the lower half of each word.
    const auto make = [&](int64_t pair, int64_t o, Transformed& numbers) HWY_ATTR {
        HWY_ALIGN Transformed second;
        transform_row(part, 2 * pair, o, numbers);
        transform_row(part, 2 * pair + 1, o, second);
        for (size_t i = 0; i < positions; ++i) {
            const auto low = hn::PromoteTo(whole, bf::narrowed(d, hn::Load(d, numbers[i])));
            const auto high = hn::PromoteTo(whole, bf::narrowed(d, hn::Load(d, second[i])));
            hn::Store(hn::BitCast(d, hn::Or(low, hn::ShiftLeft<16>(high))), d, numbers[i]);
        }
    };
    fill_panels(panels, panels.rows / 2, reinterpret_cast<float*>(u), make);
}

void KernelGradient(const Sums& du, Channels ins, Channels outs, int64_t kernel_in, float* gradient) {
    const D d;
    HWY_ALIGN float lanes[9][most_lanes];
    by_vectors(outs.count(), [&](int64_t o, auto n) HWY_ATTR {
        for (int64_t c = 0; c < ins.count(); ++c) {
            const float* from = du.first + c * outs.count() + o;
            const auto row_of_du = [&](size_t) HWY_ATTR {  // of du' comes the result's transpose
                Column<6> row;
                for (V& x : row) {
                    x = load(from, n);
                    for (int64_t sum = 1; sum < du.count; ++sum)
                        x = hn::Add(x, load(from + sum * du.step, n));
                    from += ins.count() * outs.count();
                }
                return row;
            };
            const auto write = [&](size_t j, const Column<3>& column) HWY_ATTR {
                for (size_t i = 0; i < 3; ++i) hn::Store(column[i], d, lanes[3 * i + j]);
            };
            both_ways<kernel_gradient_column, 6>(row_of_du, write);
            float* to = gradient + ((outs.begin + o) * kernel_in + ins.begin + c) * 9;
            for (size_t k = 0; k < n; ++k, to += kernel_in * 9)
                for (size_t i = 0; i < 9; ++i) to[i] = lanes[i][k];
        }
    });
}

void OutputGradient(const Tiles& t, int64_t begin, int64_t end, const float* gradients, float* m,
                    Steps steps) {
    output_gradient(t, begin, end, gradients, m, steps);
}

void OutputGradientBfloat16(const Tiles& t, int64_t begin, int64_t end, const Bfloat16* gradients,
                            Bfloat16* m, Steps steps) {
    output_gradient(t, begin, end, gradients, m, steps);
}

void Input(const Tiles& t, int64_t begin, int64_t end, const float* images, float* v, Steps steps) {
    input(t, begin, end, images, v, steps);
}

void InputBfloat16(const Tiles& t, int64_t begin, int64_t end, const Bfloat16* images, Bfloat16* v,
                   Steps steps) {
    input(t, begin, end, images, v, steps);
}

void Output(const Tiles& t, int64_t begin, int64_t end, Channels channels, const float* m, const float* bias,
            float* outputs) {
    output(t, begin, end, channels, m, bias, outputs);
}

void OutputBfloat16(const Tiles& t, int64_t begin, int64_t end, Channels channels, const float* m,
                    const float* bias, Bfloat16* outputs) {
    output(t, begin, end, channels, m, bias, outputs);
}

}  // namespace ravine::winograd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ravine::winograd {

HWY_EXPORT(Input);
HWY_EXPORT(InputBfloat16);
HWY_EXPORT(Output);
HWY_EXPORT(OutputBfloat16);
HWY_EXPORT(Kernel);
HWY_EXPORT(KernelBfloat16);
HWY_EXPORT(OutputGradient);
HWY_EXPORT(OutputGradientBfloat16);
HWY_EXPORT(KernelGradient);

void transform_input(const Tiles& tiles, int64_t begin, int64_t end, const float* images, float* v,
                     Steps steps) {
    HWY_DYNAMIC_DISPATCH(Input)(tiles, begin, end, images, v, steps);
}

void transform_input(const Tiles& tiles, int64_t begin, int64_t end, const Bfloat16* images, Bfloat16* v,
                     Steps steps) {
    HWY_DYNAMIC_DISPATCH(InputBfloat16)(tiles, begin, end, images, v, steps);
}

void transform_output(const Tiles& tiles, int64_t begin, int64_t end, Channels channels, const float* m,
                      const float* bias, float* outputs) {
    HWY_DYNAMIC_DISPATCH(Output)(tiles, begin, end, channels, m, bias, outputs);
}

void transform_output(const Tiles& tiles, int64_t begin, int64_t end, Channels channels, const float* m,
                      const float* bias, Bfloat16* outputs) {
    HWY_DYNAMIC_DISPATCH(OutputBfloat16)(tiles, begin, end, channels, m, bias, outputs);
}

void transform_kernel(const KernelPart& part, const Panels& panels, float* u) {
    HWY_DYNAMIC_DISPATCH(Kernel)(part, panels, u);
}

void transform_kernel(const KernelPart& part, const Panels& panels, Bfloat16* u) {
    HWY_DYNAMIC_DISPATCH(KernelBfloat16)(part, panels, u);
}

void transform_output_gradient(const Tiles& tiles, int64_t begin, int64_t end, const float* gradients,
                               float* m, Steps steps) {
    HWY_DYNAMIC_DISPATCH(OutputGradient)(tiles, begin, end, gradients, m, steps);
}

void transform_output_gradient(const Tiles& tiles, int64_t begin, int64_t end, const Bfloat16* gradients,
                               Bfloat16* m, Steps steps) {
    HWY_DYNAMIC_DISPATCH(OutputGradientBfloat16)(tiles, begin, end, gradients, m, steps);
}

void transform_kernel_gradient(const Sums& du, Channels ins, Channels outs, int64_t kernel_in,
                               float* gradient) {
    HWY_DYNAMIC_DISPATCH(KernelGradient)(du, ins, outs, kernel_in, gradient);
}

}  // namespace ravine::winograd
#endif  // HWY_ONCE
