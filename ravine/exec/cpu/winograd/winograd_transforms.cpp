#include "ravine/exec/cpu/winograd/winograd_transforms.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

// Highway includes this file once for every instruction set; the order of its headers matters.
// clang-format off
// suits_winograd() asks for AVX-512; vectors of SVE cannot be kept in arrays, on any processor.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS \
    (HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ravine/exec/cpu/winograd/winograd_transforms.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "ravine/exec/cpu/dnnl/bfloat16-inl.hpp"
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

// The matrices of the transforms, applied to a column. Of a column for a short tile they leave out infinity,
// and so the last pixel.

/// B' x.
struct InputTransform {
    template <size_t n>
    HWY_INLINE Column<n> operator()(const Column<n>& x) const {
        const V both = constant(a2 + b2);
        const V even_a = hn::NegMulAdd(constant(b2), x[2], x[4]);
        const V odd_a = hn::NegMulAdd(constant(b2), x[1], x[3]);
        const V even_b = hn::NegMulAdd(constant(a2), x[2], x[4]);
        const V odd_b = hn::NegMulAdd(constant(a2), x[1], x[3]);
        Column<n> y{hn::NegMulAdd(both, x[2], hn::Add(x[0], x[4])), hn::MulAdd(constant(a), odd_a, even_a),
                    hn::NegMulAdd(constant(a), odd_a, even_a), hn::MulAdd(constant(b), odd_b, even_b),
                    hn::NegMulAdd(constant(b), odd_b, even_b)};
        if constexpr (n == 6) y[5] = hn::NegMulAdd(both, x[3], hn::Add(x[1], x[5]));
        return y;
    }
};

/// A' x.
struct OutputTransform {
    template <size_t n>
    HWY_INLINE Column<n - 2> operator()(const Column<n>& x) const {
        const V even_a = hn::Add(x[1], x[2]), odd_a = hn::Sub(x[1], x[2]);
        const V even_b = hn::Add(x[3], x[4]), odd_b = hn::Sub(x[3], x[4]);
        Column<n - 2> y{hn::Add(x[0], hn::Add(even_a, even_b)),
                        hn::MulAdd(constant(a), odd_a, hn::Mul(constant(b), odd_b)),
                        hn::MulAdd(constant(a2), even_a, hn::Mul(constant(b2), even_b))};
        if constexpr (n == 6) y[3] = hn::MulAdd(constant(a3), odd_a, hn::MulAdd(constant(b3), odd_b, x[5]));
        return y;
    }
};

/// A x.
struct OutputGradientTransform {
    template <size_t n>
    HWY_INLINE Column<n + 2> operator()(const Column<n>& x) const {
        const V even_a = hn::MulAdd(constant(a2), x[2], x[0]), even_b = hn::MulAdd(constant(b2), x[2], x[0]);
        V odd_a = hn::Mul(constant(a), x[1]), odd_b = hn::Mul(constant(b), x[1]);
        if constexpr (n == 4) {
            odd_a = hn::MulAdd(constant(a3), x[3], odd_a);
            odd_b = hn::MulAdd(constant(b3), x[3], odd_b);
        }
        Column<n + 2> y{x[0], hn::Add(even_a, odd_a), hn::Sub(even_a, odd_a), hn::Add(even_b, odd_b),
                        hn::Sub(even_b, odd_b)};
        if constexpr (n == 4) y[5] = x[3];
        return y;
    }
};

/// G x.
struct KernelTransform {
    HWY_INLINE Column<6> operator()(const Column<3>& x) const {
        const V even_a =
            hn::MulAdd(constant(a2 / distances_a), x[2], hn::Mul(constant(1 / distances_a), x[0]));
        const V even_b =
            hn::MulAdd(constant(b2 / distances_b), x[2], hn::Mul(constant(1 / distances_b), x[0]));
        const V odd_a = constant(a / distances_a), odd_b = constant(b / distances_b);
        return {x[0],
                hn::MulAdd(odd_a, x[1], even_a),
                hn::NegMulAdd(odd_a, x[1], even_a),
                hn::MulAdd(odd_b, x[1], even_b),
                hn::NegMulAdd(odd_b, x[1], even_b),
                x[2]};
    }
};

/// G' x.
struct KernelGradientTransform {
    HWY_INLINE Column<3> operator()(const Column<6>& x) const {
        const V even_a = hn::Mul(constant(1 / distances_a), hn::Add(x[1], x[2]));
        const V even_b = hn::Mul(constant(1 / distances_b), hn::Add(x[3], x[4]));
        const V odd_a = hn::Sub(x[1], x[2]), odd_b = hn::Sub(x[3], x[4]);
        return {hn::Add(x[0], hn::Add(even_a, even_b)),
                hn::MulAdd(constant(a / distances_a), odd_a, hn::Mul(constant(b / distances_b), odd_b)),
                hn::MulAdd(constant(a2), even_a, hn::MulAdd(constant(b2), even_b, x[5]))};
    }
};

/// M x M' for the matrix M of a transform and x of some rows and columns. column(j) gives column j of x and
/// is called once for each, in order; to(i, row) takes the rows of the result, in order.
template <class Transform, size_t rows, size_t columns, class From, class To>
HWY_INLINE void both_ways(From column, To to) {
    constexpr Transform transform;
    constexpr size_t made = std::tuple_size_v<decltype(transform(Column<rows>()))>;
    std::array<Column<made>, columns> half;
    for (size_t j = 0; j < columns; ++j) half[j] = transform(column(j));
#pragma GCC unroll 6
    for (size_t i = 0; i < made; ++i) {
        Column<columns> row;
        for (size_t j = 0; j < columns; ++j) row[j] = half[j][i];
        to(i, transform(row));
    }
}

/// What tiles are cut from, or written to: [.., channels].
template <class T, size_t side>
struct Images {
    T* at;
    const std::vector<Line<side>>&rows, &columns;  ///< of the tiles
};

/// Where position (i, j) of a whole tile stands in the order of Grid::first_position.
constexpr size_t place(size_t i, size_t j) {
    if (i < 5) return j < 5 ? 5 + 5 * i + j : 30 + i;
    return j < 5 ? j : 35;
}

/// The positions of a kind of tiles.
template <size_t the_rows, size_t the_columns>
struct Kind {
    static constexpr size_t rows = the_rows, columns = the_columns, count = rows * columns;
    /// Where each lies, row by row, the first at 0 and neighbours in the order `step` apart.
    static std::array<int64_t, count> places(int64_t step) {
        std::array<int64_t, count> result;
        for (size_t i = 0; i < rows; ++i)
            for (size_t j = 0; j < columns; ++j)
                result[i * columns + j] = static_cast<int64_t>(place(i, j) - (rows < 6 ? 5 : 0)) * step;
        return result;
    }
};

/// Calls body(kind) with the kind of the grid.
template <class Body>
HWY_INLINE void by_kind(const Grid& grid, Body body) {
    if (grid.short_rows)
        grid.short_columns ? body(Kind<5, 5>()) : body(Kind<5, 6>());
    else
        grid.short_columns ? body(Kind<6, 5>()) : body(Kind<6, 6>());
}

// Channels that are worked on at a time, so that one pixel of so many can stand for all those outside an
// image.
constexpr int64_t chunk = 64;
static_assert(chunk % static_cast<int64_t>(hn::MaxLanes(D())) == 0);

/// The pixels that a tile sees or makes, row by row, from a channel on; `nothing` for those outside the
/// images.
template <class T, size_t rows, size_t columns>
struct Square {
    template <size_t side>
    HWY_INLINE Square(T* images, const Line<side>& row, const Line<side>& column, T* nothing) {
        for (size_t i = 0; i < rows; ++i)
            for (size_t j = 0; j < columns; ++j)
                pixels[i * columns + j] =
                    row[i] == outside || column[j] == outside ? nothing : images + row[i] + column[j];
    }
    template <class Count>
    HWY_INLINE Column<rows> column(size_t j, int64_t channel, Count n) const {
        Column<rows> result;
        for (size_t i = 0; i < rows; ++i) result[i] = load(pixels[i * columns + j] + channel, n);
        return result;
    }
    /// Asks for the cache lines that begin with this channel.
    HWY_INLINE void prefetch(int64_t channel) const {
        constexpr int64_t line = 64 / sizeof(T);
        if (channel % line != 0) return;
        for (T* pixel : pixels) __builtin_prefetch(pixel + channel, std::is_const_v<T> ? 0 : 1);
    }
    std::array<T*, rows * columns> pixels;
};

/// Calls body(begin, count) for the channels, a chunk at a time.
template <class Body>
HWY_INLINE void by_chunks(int64_t channels, Body body) {
    for (int64_t c = 0; c < channels; c += chunk) body(c, std::min(chunk, channels - c));
}

/// Calls body(tile, square, c, n) for the vectors of `count` channels from `channel` on of the tiles [begin,
/// end), squares of so many pixels; asks for the next tile's pixels meanwhile.
template <size_t rows, size_t columns, class T, size_t side, class Body>
HWY_INLINE void by_squares(int64_t begin, int64_t end, const Images<T, side>& images, int64_t channel,
                           int64_t count, T* nothing, Body body) {
    const size_t width = images.columns.size();
    size_t row = static_cast<size_t>(begin) / width, column = static_cast<size_t>(begin) % width;
    const auto square_here = [&]() HWY_ATTR {
        return Square<T, rows, columns>(images.at + channel, images.rows[row], images.columns[column],
                                        nothing);
    };
    auto next = square_here();
    for (int64_t tile = begin; tile < end; ++tile) {
        const auto square = next;
        if (tile + 1 < end) {
            if (++column == width) column = 0, ++row;
            next = square_here();
        }
        by_vectors(count, [&](int64_t c, auto n) HWY_ATTR {
            next.prefetch(c);
            body(tile, square, c, n);
        });
    }
}

/// Writes transformed squares of the images: of the tiles [begin, end), all positions of all channels, from
/// `to` on.
template <class Transform, class Kind, size_t rows, size_t columns, class T, size_t side>
HWY_INLINE void write_tiles(int64_t begin, int64_t end, const Images<const T, side>& images, T* to,
                            Steps steps) {
    static const T zeros[chunk] = {};
    const auto places = Kind::places(steps.position);
    for (int64_t part = 0; part < steps.parts; ++part)
        by_chunks(steps.part_channels, [&](int64_t first, int64_t count) HWY_ATTR {
            T* first_tile = to + part * steps.part + first;
            const auto write_square = [&](int64_t tile, const auto& square, int64_t c, auto n) HWY_ATTR {
                T* at = first_tile + (tile - begin) * steps.tile + c;
                const auto column = [&](size_t j) HWY_ATTR { return square.column(j, c, n); };
                const auto write = [&](size_t i, const Column<Kind::columns>& row) HWY_ATTR {
                    for (size_t j = 0; j < Kind::columns; ++j)
                        store(row[j], at + places[i * Kind::columns + j], n);
                };
                both_ways<Transform, rows, columns>(column, write);
            };
            by_squares<rows, columns>(begin, end, images, part * steps.part_channels + first, count, zeros,
                                      write_square);
        });
}

template <class T>
void input(const Grid& grid, int64_t begin, int64_t end, const T* images, T* v, Steps steps) {
    by_kind(grid, [&](auto kind) HWY_ATTR {
        using Kind = decltype(kind);
        write_tiles<InputTransform, Kind, Kind::rows, Kind::columns>(
            begin, end, Images<const T, 6>{images, grid.input_rows, grid.input_columns}, v, steps);
    });
}

template <class T>
void output(const Grid& grid, int64_t begin, int64_t end, Channels channels, const float* m,
            const float* bias, T* outputs) {
    T unused[chunk];  // takes what falls outside the images
    const Images<T, 4> images{outputs, grid.output_rows, grid.output_columns};
    by_kind(grid, [&](auto kind) HWY_ATTR {
        using Kind = decltype(kind);
        constexpr size_t rows = Kind::rows - 2, columns = Kind::columns - 2;
        const auto places = Kind::places(channels.count());
        by_chunks(channels.count(), [&](int64_t first, int64_t count) HWY_ATTR {
            const int64_t channel = channels.begin + first;
            const auto write_square = [&](int64_t tile, const auto& square, int64_t c, auto n) HWY_ATTR {
                const float* from = m + (tile - begin) * int64_t{Kind::count} * channels.count() + first + c;
                const V start = bias ? load(bias + channel + c, n) : hn::Zero(D());
                // Rows for columns, nearly in the order of the memory: of m' comes the result's transpose.
                const auto row_of_m = [&](size_t i) HWY_ATTR {
                    Column<Kind::columns> row;
                    for (size_t j = 0; j < Kind::columns; ++j)
                        row[j] = load(from + places[i * Kind::columns + j], n);
                    return row;
                };
                const auto write = [&](size_t j, const Column<rows>& column) HWY_ATTR {
                    for (size_t i = 0; i < rows; ++i)
                        store(hn::Add(column[i], start), square.pixels[columns * i + j] + c, n);
                };
                both_ways<OutputTransform, Kind::columns, Kind::rows>(row_of_m, write);
            };
            by_squares<rows, columns>(begin, end, images, channel, count, unused, write_square);
        });
    });
}

template <class T>
void output_gradient(const Grid& grid, int64_t begin, int64_t end, const T* gradients, T* m, Steps steps) {
    by_kind(grid, [&](auto kind) HWY_ATTR {
        using Kind = decltype(kind);
        write_tiles<OutputGradientTransform, Kind, Kind::rows - 2, Kind::columns - 2>(
            begin, end, Images<const T, 4>{gradients, grid.output_rows, grid.output_columns}, m, steps);
    });
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
    both_ways<KernelTransform, 3, 3>(
        [&](size_t j) HWY_ATTR {
            Column<3> column;
            for (size_t i = 0; i < 3; ++i) column[i] = hn::Load(D(), lanes[3 * i + j]);
            return column;
        },
        [&](size_t i, const Column<6>& row) HWY_ATTR {
            for (size_t j = 0; j < 6; ++j) hn::Store(row[j], D(), numbers[place(i, j)]);
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
            const float* first = du.first + c * outs.count() + o;
            const auto row_of_du = [&](size_t i) HWY_ATTR {  // of du' comes the result's transpose
                Column<6> row;
                for (size_t j = 0; j < 6; ++j) {
                    const float* from = first + place(i, j) * static_cast<size_t>(ins.count() * outs.count());
                    row[j] = load(from, n);
                    for (int64_t sum = 1; sum < du.count; ++sum)
                        row[j] = hn::Add(row[j], load(from + sum * du.step, n));
                }
                return row;
            };
            const auto write = [&](size_t j, const Column<3>& column) HWY_ATTR {
                for (size_t i = 0; i < 3; ++i) hn::Store(column[i], d, lanes[3 * i + j]);
            };
            both_ways<KernelGradientTransform, 6, 6>(row_of_du, write);
            float* to = gradient + ((outs.begin + o) * kernel_in + ins.begin + c) * 9;
            for (size_t k = 0; k < n; ++k, to += kernel_in * 9)
                for (size_t i = 0; i < 9; ++i) to[i] = lanes[i][k];
        }
    });
}

void OutputGradient(const Grid& grid, int64_t begin, int64_t end, const float* gradients, float* m,
                    Steps steps) {
    output_gradient(grid, begin, end, gradients, m, steps);
}

void OutputGradientBfloat16(const Grid& grid, int64_t begin, int64_t end, const Bfloat16* gradients,
                            Bfloat16* m, Steps steps) {
    output_gradient(grid, begin, end, gradients, m, steps);
}

void Input(const Grid& grid, int64_t begin, int64_t end, const float* images, float* v, Steps steps) {
    input(grid, begin, end, images, v, steps);
}

void InputBfloat16(const Grid& grid, int64_t begin, int64_t end, const Bfloat16* images, Bfloat16* v,
                   Steps steps) {
    input(grid, begin, end, images, v, steps);
}

void Output(const Grid& grid, int64_t begin, int64_t end, Channels channels, const float* m,
            const float* bias, float* outputs) {
    output(grid, begin, end, channels, m, bias, outputs);
}

void OutputBfloat16(const Grid& grid, int64_t begin, int64_t end, Channels channels, const float* m,
                    const float* bias, Bfloat16* outputs) {
    output(grid, begin, end, channels, m, bias, outputs);
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

void transform_input(const Grid& grid, int64_t begin, int64_t end, const float* images, float* v,
                     Steps steps) {
    HWY_DYNAMIC_DISPATCH(Input)(grid, begin, end, images, v, steps);
}

void transform_input(const Grid& grid, int64_t begin, int64_t end, const Bfloat16* images, Bfloat16* v,
                     Steps steps) {
    HWY_DYNAMIC_DISPATCH(InputBfloat16)(grid, begin, end, images, v, steps);
}

void transform_output(const Grid& grid, int64_t begin, int64_t end, Channels channels, const float* m,
                      const float* bias, float* outputs) {
    HWY_DYNAMIC_DISPATCH(Output)(grid, begin, end, channels, m, bias, outputs);
}

void transform_output(const Grid& grid, int64_t begin, int64_t end, Channels channels, const float* m,
                      const float* bias, Bfloat16* outputs) {
    HWY_DYNAMIC_DISPATCH(OutputBfloat16)(grid, begin, end, channels, m, bias, outputs);
}

void transform_kernel(const KernelPart& part, const Panels& panels, float* u) {
    HWY_DYNAMIC_DISPATCH(Kernel)(part, panels, u);
}

void transform_kernel(const KernelPart& part, const Panels& panels, Bfloat16* u) {
    HWY_DYNAMIC_DISPATCH(KernelBfloat16)(part, panels, u);
}

void transform_output_gradient(const Grid& grid, int64_t begin, int64_t end, const float* gradients, float* m,
                               Steps steps) {
    HWY_DYNAMIC_DISPATCH(OutputGradient)(grid, begin, end, gradients, m, steps);
}

void transform_output_gradient(const Grid& grid, int64_t begin, int64_t end, const Bfloat16* gradients,
                               Bfloat16* m, Steps steps) {
    HWY_DYNAMIC_DISPATCH(OutputGradientBfloat16)(grid, begin, end, gradients, m, steps);
}

void transform_kernel_gradient(const Sums& du, Channels ins, Channels outs, int64_t kernel_in,
                               float* gradient) {
    HWY_DYNAMIC_DISPATCH(KernelGradient)(du, ins, outs, kernel_in, gradient);
}

}  // namespace ravine::winograd
#endif  // HWY_ONCE
