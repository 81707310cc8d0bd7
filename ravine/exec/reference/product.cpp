#include <fmt/format.h>

#include <algorithm>

#include "ravine/exec/reference/reference.hpp"

namespace ravine {
namespace {

std::unique_ptr<Kernel> make_matmul(const PlainRequest& request) {
    const bool ta = request.node.attributes.integers[0], tb = request.node.attributes.integers[1];
    const int64_t m = request.node.shape[0], n = request.node.shape[1], k = request.shapes[0][ta ? 0 : 1];
    // Element (i, l) of op(a) is a[i * a_row + l * a_column], and so for b.
    const int64_t a_row = ta ? 1 : k, a_column = ta ? m : 1, b_row = tb ? 1 : n, b_column = tb ? k : 1;
    const int a = request.arguments[0], b = request.arguments[1], c = request.result;
    return make_kernel(fmt::format("matmul {}x{}x{}", m, k, n), [=](const Context& context) {
        const double *x = context.as<double>(a), *y = context.as<double>(b);
        double* z = context.as<double>(c);
        std::fill_n(z, m * n, 0.0);
        for (int64_t i = 0; i < m; ++i) {
            if (tb) {  // rows of b are contiguous along l
                for (int64_t j = 0; j < n; ++j) {
                    double sum = 0;
                    for (int64_t l = 0; l < k; ++l)
                        sum += x[i * a_row + l * a_column] * y[l * b_row + j * b_column];
                    z[i * n + j] = sum;
                }
            } else {
                for (int64_t l = 0; l < k; ++l) {
                    const double factor = x[i * a_row + l * a_column];
                    for (int64_t j = 0; j < n; ++j) z[i * n + j] += factor * y[l * n + j];
                }
            }
        }
    });
}

/// The trilinear form behind the three convolutions: calls body(image, kernel, output) with the offsets of
/// every triple of elements whose product it sums.
struct Convolution {
    int64_t n, h, w, c, o, kh, kw, oh, ow, stride, padding;

    template <class Body>
    void visit(Body body) const {
        for (int64_t e = 0; e < n; ++e)
            for (int64_t i = 0; i < oh; ++i)
                for (int64_t j = 0; j < ow; ++j)
                    for (int64_t a = 0; a < kh; ++a)
                        for (int64_t b = 0; b < kw; ++b) {
                            const int64_t y = i * stride + a - padding, x = j * stride + b - padding;
                            if (y < 0 || y >= h || x < 0 || x >= w) continue;
                            for (int64_t k = 0; k < o; ++k)
                                for (int64_t l = 0; l < c; ++l)
                                    body(((e * h + y) * w + x) * c + l, ((k * c + l) * kh + a) * kw + b,
                                         ((e * oh + i) * ow + j) * o + k);
                        }
    }
};

std::unique_ptr<Kernel> make_convolution(const PlainRequest& request) {
    const Op op = request.node.op;
    const Shape &first = request.shapes[0], &second = request.shapes[1], &result = request.node.shape;
    const Shape& image = op == Op::conv2d_input_gradient ? result : first;
    const Shape& kernel = op == Op::conv2d_weight_gradient ? result : second;
    const Shape& output = op == Op::conv2d ? result : op == Op::conv2d_input_gradient ? first : second;
    const Convolution convolution{image[0],
                                  image[1],
                                  image[2],
                                  image[3],
                                  kernel[0],
                                  kernel[2],
                                  kernel[3],
                                  output[1],
                                  output[2],
                                  request.node.attributes.integers[0],
                                  request.node.attributes.integers[1]};
    const int64_t count = element_count(result);
    const int a = request.arguments[0], b = request.arguments[1], c = request.result;
    return make_kernel(fmt::format("{} {}", name_of(op), to_string(image)), [=](const Context& context) {
        const double *x = context.as<double>(a), *y = context.as<double>(b);
        double* z = context.as<double>(c);
        std::fill_n(z, count, 0.0);
        if (op == Op::conv2d)
            convolution.visit([&](int64_t i, int64_t w, int64_t o) { z[o] += x[i] * y[w]; });
        else if (op == Op::conv2d_input_gradient)
            convolution.visit([&](int64_t i, int64_t w, int64_t o) { z[i] += x[o] * y[w]; });
        else
            convolution.visit([&](int64_t i, int64_t w, int64_t o) { z[w] += x[i] * y[o]; });
    });
}

}  // namespace

std::unique_ptr<Kernel> make_reference_product(const PlainRequest& request) {
    return request.node.op == Op::matmul ? make_matmul(request) : make_convolution(request);
}

}  // namespace ravine
