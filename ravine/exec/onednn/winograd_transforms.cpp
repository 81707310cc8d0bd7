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

/// B' x for a column of four.
HWY_INLINE void input_column(V& a, V& b, V& c, V& d) {
    const V first = hn::Sub(a, c), second = hn::Add(b, c), third = hn::Sub(c, b);
    d = hn::Sub(b, d);
    a = first, b = second, c = third;
}

/// The place of a tile: its example, and the output pixel at its corner.
struct Place {
    Place(const Tiles& t, int64_t tile)
        : example(tile / (t.rows * t.columns)), y(tile / t.columns % t.rows * 2), x(tile % t.columns * 2) {}
    int64_t example, y, x;
};

template <class T>
void input(const Tiles& t, int64_t begin, int64_t end, const T* images, T* v) {
    const D d;
    const auto width = static_cast<int64_t>(hn::Lanes(d));
    const int64_t plane = t.block * t.in;
    for (int64_t tile = begin; tile < end; ++tile, v += t.in) {
        const Place place(t, tile);
        std::array<const T*, 16> pixels;
        for (int64_t i = 0; i < 16; ++i) {
            const int64_t y = place.y + i / 4 - t.padding, x = place.x + i % 4 - t.padding;
            const bool inside = y >= 0 && y < t.h && x >= 0 && x < t.w;
            pixels[static_cast<size_t>(i)] =
                inside ? images + ((place.example * t.h + y) * t.w + x) * t.in : nullptr;
        }
        for (int64_t c = 0; c < t.in; c += width) {
            const auto n = static_cast<size_t>(std::min(width, t.in - c));
            const auto at = [&](size_t i)
                                HWY_ATTR { return pixels[i] ? load(pixels[i] + c, n) : hn::Zero(d); };
            V a0 = at(0), a1 = at(1), a2 = at(2), a3 = at(3), b0 = at(4), b1 = at(5), b2 = at(6), b3 = at(7);
            V c0 = at(8), c1 = at(9), c2 = at(10), c3 = at(11), d0 = at(12), d1 = at(13), d2 = at(14),
              d3 = at(15);
            input_column(a0, b0, c0, d0);
            input_column(a1, b1, c1, d1);
            input_column(a2, b2, c2, d2);
            input_column(a3, b3, c3, d3);
            T* to = v + c;
            const auto row = [&](V e, V f, V g, V h) HWY_ATTR {
                input_column(e, f, g, h);
                store(e, to, n);
                store(f, to + plane, n);
                store(g, to + 2 * plane, n);
                store(h, to + 3 * plane, n);
                to += 4 * plane;
            };
            row(a0, a1, a2, a3);
            row(b0, b1, b2, b3);
            row(c0, c1, c2, c3);
            row(d0, d1, d2, d3);
        }
    }
}

template <class T>
void output(const Tiles& t, int64_t begin, int64_t end, const float* m, const float* bias, T* outputs) {
    const D d;
    const auto width = static_cast<int64_t>(hn::Lanes(d));
    const int64_t plane = t.block * t.out;
    for (int64_t tile = begin; tile < end; ++tile, m += t.out) {
        const Place place(t, tile);
        T* corner = outputs + ((place.example * t.oh + place.y) * t.ow + place.x) * t.out;
        const bool right = place.x + 1 < t.ow, below = place.y + 1 < t.oh;
        for (int64_t c = 0; c < t.out; c += width) {
            const auto n = static_cast<size_t>(std::min(width, t.out - c));
            // A' m, column by column, then what that makes of the two columns of the output.
            V left0 = bias ? load(bias + c, n) : hn::Zero(d), left1 = left0, right0 = left0, right1 = left0;
            for (int64_t column = 0; column < 4; ++column) {
                const float* from = m + column * plane + c;
                const V m1 = load(from + 4 * plane, n), m2 = load(from + 8 * plane, n);
                const V upper = hn::Add(load(from, n), hn::Add(m1, m2));
                const V lower = hn::Sub(hn::Sub(m1, m2), load(from + 12 * plane, n));
                if (column < 3) left0 = hn::Add(left0, upper), left1 = hn::Add(left1, lower);
                if (column == 1) right0 = hn::Add(right0, upper), right1 = hn::Add(right1, lower);
                if (column > 1) right0 = hn::Sub(right0, upper), right1 = hn::Sub(right1, lower);
            }
            T* to = corner + c;
            store(left0, to, n);
            if (right) store(right0, to + t.out, n);
            if (below) store(left1, to + t.ow * t.out, n);
            if (right && below) store(right1, to + (t.ow + 1) * t.out, n);
        }
    }
}

/// G x for a column of three.
HWY_INLINE std::array<V, 4> kernel_column(V a, V b, V c) {
    const V half = hn::Set(D(), 0.5f), ends = hn::Mul(half, hn::Add(a, c)), middle = hn::Mul(half, b);
    return {a, hn::Add(ends, middle), hn::Sub(ends, middle), c};
}

void Kernel(const float* kernel, int64_t kernel_out, int64_t kernel_in, Direction direction, int64_t begin,
            int64_t end, float* u) {
    const D d;
    const auto width = static_cast<int64_t>(hn::Lanes(d));
    const bool forward = direction == Direction::forward;
    const int64_t in = forward ? kernel_in : kernel_out, out = forward ? kernel_out : kernel_in;
    // From one channel of the result, and of the argument, to the next.
    const int64_t next_out = forward ? kernel_in * 9 : 9, next_in = forward ? 9 : kernel_in * 9;
    HWY_ALIGN float lanes[9][hn::MaxLanes(d)] = {};
    for (int64_t c = begin; c < end; ++c) {
        for (int64_t o = 0; o < out; o += width) {
            const int64_t n = std::min(width, out - o);
            for (int64_t k = 0; k < n; ++k) {
                const float* g = kernel + (o + k) * next_out + c * next_in;
                for (int64_t i = 0; i < 9; ++i) lanes[i][k] = g[forward ? i : 8 - i];
            }
            std::array<std::array<V, 4>, 3> columns;
            for (size_t j = 0; j < 3; ++j)
                columns[j] = kernel_column(hn::Load(d, lanes[j]), hn::Load(d, lanes[3 + j]),
                                           hn::Load(d, lanes[6 + j]));
            float* to = u + c * out + o;
            for (size_t i = 0; i < 4; ++i)
                for (const V x : kernel_column(columns[0][i], columns[1][i], columns[2][i])) {
                    store(x, to, static_cast<size_t>(n));
                    to += in * out;
                }
        }
    }
}

/// A x for a column of two.
HWY_INLINE std::array<V, 4> gradient_column(V a, V b) {
    return {a, hn::Add(a, b), hn::Sub(a, b), hn::Neg(b)};
}

template <class T>
void output_gradient(const Tiles& t, int64_t begin, int64_t end, const T* gradients, T* m) {
    const D d;
    const auto width = static_cast<int64_t>(hn::Lanes(d));
    const int64_t plane = t.block * t.out;
    for (int64_t tile = begin; tile < end; ++tile, m += t.out) {
        const Place place(t, tile);
        const T* corner = gradients + ((place.example * t.oh + place.y) * t.ow + place.x) * t.out;
        const bool right = place.x + 1 < t.ow, below = place.y + 1 < t.oh;
        for (int64_t c = 0; c < t.out; c += width) {
            const auto n = static_cast<size_t>(std::min(width, t.out - c));
            const V zero = hn::Zero(d);
            const auto left =
                gradient_column(load(corner + c, n), below ? load(corner + t.ow * t.out + c, n) : zero);
            const auto other =
                gradient_column(right ? load(corner + t.out + c, n) : zero,
                                right && below ? load(corner + (t.ow + 1) * t.out + c, n) : zero);
            T* to = m + c;
            for (size_t i = 0; i < 4; ++i)
                for (const V x : gradient_column(left[i], other[i])) {
                    store(x, to, n);
                    to += plane;
                }
        }
    }
}

/// G' x for a column of four.
HWY_INLINE std::array<V, 3> kernel_gradient_column(V a, V b, V c, V d) {
    const V half = hn::Set(D(), 0.5f), ends = hn::Mul(half, hn::Add(b, c));
    return {hn::Add(a, ends), hn::Mul(half, hn::Sub(b, c)), hn::Add(ends, d)};
}

void KernelGradient(const float* du, int64_t parts, int64_t kernel_out, int64_t kernel_in, int64_t begin,
                    int64_t end, float* gradient) {
    const D d;
    const auto width = static_cast<int64_t>(hn::Lanes(d));
    const int64_t plane = kernel_in * kernel_out;
    HWY_ALIGN float lanes[9][hn::MaxLanes(d)];
    for (int64_t o = begin; o < end; o += width) {
        const int64_t n = std::min(width, end - o);
        for (int64_t c = 0; c < kernel_in; ++c) {
            const auto at = [&](int64_t i) HWY_ATTR {
                const float* from = du + i * plane + c * kernel_out + o;
                V total = load(from, static_cast<size_t>(n));
                for (int64_t part = 1; part < parts; ++part)
                    total = hn::Add(total, load(from + part * 16 * plane, static_cast<size_t>(n)));
                return total;
            };
            std::array<std::array<V, 3>, 4> columns;
            for (int64_t j = 0; j < 4; ++j)
                columns[static_cast<size_t>(j)] =
                    kernel_gradient_column(at(j), at(4 + j), at(8 + j), at(12 + j));
            for (size_t i = 0; i < 3; ++i) {
                const auto row =
                    kernel_gradient_column(columns[0][i], columns[1][i], columns[2][i], columns[3][i]);
                for (size_t j = 0; j < 3; ++j) hn::Store(row[j], d, lanes[3 * i + j]);
            }
            for (int64_t k = 0; k < n; ++k)
                for (int64_t i = 0; i < 9; ++i) gradient[((o + k) * kernel_in + c) * 9 + i] = lanes[i][k];
        }
    }
}

void OutputGradient(const Tiles& t, int64_t begin, int64_t end, const float* gradients, float* m) {
    output_gradient(t, begin, end, gradients, m);
}

void OutputGradientBfloat16(const Tiles& t, int64_t begin, int64_t end, const Bfloat16* gradients,
                            Bfloat16* m) {
    output_gradient(t, begin, end, gradients, m);
}

void Input(const Tiles& t, int64_t begin, int64_t end, const float* images, float* v) {
    input(t, begin, end, images, v);
}

void InputBfloat16(const Tiles& t, int64_t begin, int64_t end, const Bfloat16* images, Bfloat16* v) {
    input(t, begin, end, images, v);
}

void Output(const Tiles& t, int64_t begin, int64_t end, const float* m, const float* bias, float* outputs) {
    output(t, begin, end, m, bias, outputs);
}

void OutputBfloat16(const Tiles& t, int64_t begin, int64_t end, const float* m, const float* bias,
                    Bfloat16* outputs) {
    output(t, begin, end, m, bias, outputs);
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
HWY_EXPORT(OutputGradient);
HWY_EXPORT(OutputGradientBfloat16);
HWY_EXPORT(KernelGradient);

void transform_input(const Tiles& tiles, int64_t begin, int64_t end, const float* images, float* v) {
    HWY_DYNAMIC_DISPATCH(Input)(tiles, begin, end, images, v);
}

void transform_input(const Tiles& tiles, int64_t begin, int64_t end, const Bfloat16* images, Bfloat16* v) {
    HWY_DYNAMIC_DISPATCH(InputBfloat16)(tiles, begin, end, images, v);
}

void transform_output(const Tiles& tiles, int64_t begin, int64_t end, const float* m, const float* bias,
                      float* outputs) {
    HWY_DYNAMIC_DISPATCH(Output)(tiles, begin, end, m, bias, outputs);
}

void transform_output(const Tiles& tiles, int64_t begin, int64_t end, const float* m, const float* bias,
                      Bfloat16* outputs) {
    HWY_DYNAMIC_DISPATCH(OutputBfloat16)(tiles, begin, end, m, bias, outputs);
}

void transform_kernel(const float* kernel, int64_t kernel_out, int64_t kernel_in, Direction direction,
                      int64_t begin, int64_t end, float* u) {
    HWY_DYNAMIC_DISPATCH(Kernel)(kernel, kernel_out, kernel_in, direction, begin, end, u);
}

void transform_output_gradient(const Tiles& tiles, int64_t begin, int64_t end, const float* gradients,
                               float* m) {
    HWY_DYNAMIC_DISPATCH(OutputGradient)(tiles, begin, end, gradients, m);
}

void transform_output_gradient(const Tiles& tiles, int64_t begin, int64_t end, const Bfloat16* gradients,
                               Bfloat16* m) {
    HWY_DYNAMIC_DISPATCH(OutputGradientBfloat16)(tiles, begin, end, gradients, m);
}

void transform_kernel_gradient(const float* du, int64_t parts, int64_t kernel_out, int64_t kernel_in,
                               int64_t begin, int64_t end, float* gradient) {
    HWY_DYNAMIC_DISPATCH(KernelGradient)(du, parts, kernel_out, kernel_in, begin, end, gradient);
}

}  // namespace ravine::winograd
#endif  // HWY_ONCE
