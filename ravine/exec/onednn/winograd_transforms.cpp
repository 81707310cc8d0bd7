#include "ravine/exec/onednn/winograd_transforms.hpp"

#include <algorithm>
#include <array>

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

/// M x M' for the matrix M that `transform` applies to a column; to(i, row) takes the rows of the result.
template <size_t m, size_t n, class Transform, class To>
HWY_INLINE void both_ways(const std::array<Column<n>, n>& columns, Transform transform, To to) {
    std::array<Column<m>, n> half;
    for (size_t j = 0; j < n; ++j) half[j] = transform(columns[j]);
    for (size_t i = 0; i < m; ++i) {
        Column<n> row;
        for (size_t j = 0; j < n; ++j) row[j] = half[j][i];
        to(i, transform(row));
    }
}

/// The place of a tile: its example, and the output pixel at its corner.
struct Place {
    Place(const Tiles& t, int64_t tile)
        : example(tile / (t.rows * t.columns)),
          y(tile / t.columns % t.rows * tile_side),
          x(tile % t.columns * tile_side) {}
    int64_t example, y, x;
};

/// The pixels of a square, row by row; nullptr outside the image.
template <class T, size_t side>
struct Square {
    Square(T* images, int64_t example, int64_t top, int64_t left, int64_t h, int64_t w, int64_t channels) {
        for (size_t i = 0; i < side * side; ++i) {
            const int64_t y = top + static_cast<int64_t>(i / side), x = left + static_cast<int64_t>(i % side);
            const bool inside = y >= 0 && y < h && x >= 0 && x < w;
            pixels[i] = inside ? images + ((example * h + y) * w + x) * channels : nullptr;
        }
    }
    HWY_INLINE std::array<Column<side>, side> columns(int64_t channel, size_t n) const {
        std::array<Column<side>, side> result;
        for (size_t j = 0; j < side; ++j)
            for (size_t i = 0; i < side; ++i) {
                const T* pixel = pixels[i * side + j];
                result[j][i] = pixel ? load(pixel + channel, n) : hn::Zero(D());
            }
        return result;
    }
    std::array<T*, side * side> pixels;
};

/// Calls body(c, n) for the channels c ... c + n - 1 that a vector holds.
template <class Body>
HWY_INLINE void by_vectors(int64_t channels, Body body) {
    const auto width = static_cast<int64_t>(hn::Lanes(D()));
    for (int64_t c = 0; c < channels; c += width) body(c, static_cast<size_t>(std::min(width, channels - c)));
}

/// Writes the transformed square, all positions of all channels, from `to` on.
template <class T, size_t side, class Transform>
HWY_INLINE void write_tile(const Square<const T, side>& square, int64_t channels, Transform transform, T* to,
                           Steps steps) {
    for (int64_t part = 0; part < channels / steps.part_channels; ++part)
        by_vectors(steps.part_channels, [&](int64_t c, size_t n) HWY_ATTR {
            T* at = to + part * steps.part + c;
            both_ways<6>(square.columns(part * steps.part_channels + c, n), transform,
                         [&](size_t, const Column<6>& row) HWY_ATTR {
                             for (const V x : row) store(x, at, n), at += steps.position;
                         });
        });
}

template <class T>
void input(const Tiles& t, int64_t begin, int64_t end, const T* images, T* v, Steps steps) {
    for (int64_t tile = begin; tile < end; ++tile, v += steps.tile) {
        const Place place(t, tile);
        const Square<const T, 6> square(images, place.example, place.y - t.padding, place.x - t.padding, t.h,
                                        t.w, t.in);
        write_tile(square, t.in, input_column, v, steps);
    }
}

template <class T>
void output(const Tiles& t, int64_t begin, int64_t end, Channels channels, const float* m, const float* bias,
            T* outputs) {
    for (int64_t tile = begin; tile < end; ++tile, m += positions * channels.count()) {
        const Place place(t, tile);
        const Square<T, 4> square(outputs + channels.begin, place.example, place.y, place.x, t.oh, t.ow,
                                  t.out);
        by_vectors(channels.count(), [&](int64_t c, size_t n) HWY_ATTR {
            std::array<Column<6>, 6> columns;
            const float* from = m + c;
            for (size_t i = 0; i < 6; ++i)
                for (size_t j = 0; j < 6; ++j) columns[j][i] = load(from, n), from += channels.count();
            const V start = bias ? load(bias + channels.begin + c, n) : hn::Zero(D());
            both_ways<4>(columns, output_column, [&](size_t i, const Column<4>& row) HWY_ATTR {
                for (size_t j = 0; j < 4; ++j)
                    if (T* pixel = square.pixels[4 * i + j]; pixel)
                        store(hn::Add(row[j], start), pixel + c, n);
            });
        });
    }
}

template <class T>
void output_gradient(const Tiles& t, int64_t begin, int64_t end, const T* gradients, T* m, Steps steps) {
    for (int64_t tile = begin; tile < end; ++tile, m += steps.tile) {
        const Place place(t, tile);
        const Square<const T, 4> square(gradients, place.example, place.y, place.x, t.oh, t.ow, t.out);
        write_tile(square, t.out, gradient_column, m, steps);
    }
}

constexpr int64_t most_lanes = static_cast<int64_t>(hn::MaxLanes(D()));

/// The kernels from input channel c to the output channels from the o-th of the part on, one a lane; zeros
/// where there is none.
HWY_INLINE std::array<Column<3>, 3> kernels_at(const KernelPart& part, int64_t c, int64_t o) {
    const bool forward = part.direction == Direction::forward;
    const int64_t next_out = forward ? part.in * 9 : 9, next_in = forward ? 9 : part.out * 9;
    HWY_ALIGN float lanes[9][most_lanes] = {};
    const int64_t n =
        c < part.in ? std::min(static_cast<int64_t>(hn::Lanes(D())), part.channels.count() - o) : 0;
    const float* g = part.kernel + (part.channels.begin + o) * next_out + c * next_in;
    for (int64_t k = 0; k < n; ++k, g += next_out)
        for (int64_t i = 0; i < 9; ++i) lanes[i][k] = g[forward ? i : 8 - i];
    std::array<Column<3>, 3> columns;
    for (size_t i = 0; i < 9; ++i) columns[i % 3][i / 3] = hn::Load(D(), lanes[i]);
    return columns;
}

using Transformed = float[positions][most_lanes];  // a row of the transformed kernel: 32 bits a channel

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

HWY_INLINE void transform_row(const KernelPart& part, int64_t row, int64_t o, Transformed& numbers) {
    size_t i = 0;
    both_ways<6>(kernels_at(part, row, o), kernel_column, [&](size_t, const Column<6>& x) HWY_ATTR {
        for (const V number : x) hn::Store(number, D(), numbers[i++]);
    });
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
    by_vectors(outs.count(), [&](int64_t o, size_t n) HWY_ATTR {
        for (int64_t c = 0; c < ins.count(); ++c) {
            std::array<Column<6>, 6> columns;
            const float* from = du.first + c * outs.count() + o;
            for (size_t i = 0; i < 6; ++i)
                for (size_t j = 0; j < 6; ++j, from += ins.count() * outs.count()) {
                    columns[j][i] = load(from, n);
                    for (int64_t sum = 1; sum < du.count; ++sum)
                        columns[j][i] = hn::Add(columns[j][i], load(from + sum * du.step, n));
                }
            both_ways<3>(columns, kernel_gradient_column, [&](size_t i, const Column<3>& row) HWY_ATTR {
                for (size_t j = 0; j < 3; ++j) hn::Store(row[j], d, lanes[3 * i + j]);
            });
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
