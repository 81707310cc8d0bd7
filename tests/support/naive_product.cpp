#include "tests/support/naive_product.hpp"

namespace ravine::test {
namespace {

/// Calls body(image, kernel, output) with the offsets of every triple of elements whose product a convolution
/// sums.
template <class Body>
void visit(const NaiveConvolution& v, Body body) {
    const Shape &image = v.image, &kernel = v.kernel, &output = v.output;
    for (int64_t e = 0; e < image[0]; ++e)
        for (int64_t i = 0; i < output[1]; ++i)
            for (int64_t j = 0; j < output[2]; ++j)
                for (int64_t a = 0; a < kernel[2]; ++a)
                    for (int64_t b = 0; b < kernel[3]; ++b) {
                        const int64_t y = i * v.geometry.stride + a - v.geometry.padding,
                                      x = j * v.geometry.stride + b - v.geometry.padding;
                        if (y < 0 || y >= image[1] || x < 0 || x >= image[2]) continue;
                        for (int64_t k = 0; k < kernel[0]; ++k)
                            for (int64_t l = 0; l < kernel[1]; ++l)
                                body(static_cast<size_t>(((e * image[1] + y) * image[2] + x) * image[3] + l),
                                     static_cast<size_t>(((k * kernel[1] + l) * kernel[2] + a) * kernel[3] +
                                                         b),
                                     static_cast<size_t>(((e * output[1] + i) * output[2] + j) * output[3] +
                                                         k));
                    }
}

Numbers zeros(const Shape& shape) { return Numbers(static_cast<size_t>(element_count(shape)), 0.0); }

}  // namespace

Numbers naive_matmul(const Numbers& a, const Numbers& b, int64_t m, int64_t k, int64_t n, Transpose ta,
                     Transpose tb) {
    Numbers c(static_cast<size_t>(m * n), 0.0);
    for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j)
            for (int64_t l = 0; l < k; ++l)
                c[static_cast<size_t>(i * n + j)] +=
                    a[static_cast<size_t>(ta == Transpose::yes ? l * m + i : i * k + l)] *
                    b[static_cast<size_t>(tb == Transpose::yes ? j * k + l : l * n + j)];
    return c;
}

Numbers NaiveConvolution::forward(const Numbers& x, const Numbers& w) const {
    Numbers y = zeros(output);
    visit(*this, [&](size_t i, size_t k, size_t o) { y[o] += x[i] * w[k]; });
    return y;
}

Numbers NaiveConvolution::input_gradient(const Numbers& dy, const Numbers& w) const {
    Numbers dx = zeros(image);
    visit(*this, [&](size_t i, size_t k, size_t o) { dx[i] += dy[o] * w[k]; });
    return dx;
}

Numbers NaiveConvolution::weight_gradient(const Numbers& x, const Numbers& dy) const {
    Numbers dw = zeros(kernel);
    visit(*this, [&](size_t i, size_t k, size_t o) { dw[k] += x[i] * dy[o]; });
    return dw;
}

}  // namespace ravine::test
