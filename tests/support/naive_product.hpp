#pragma once

#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

namespace ravine::test {

// Products by their definitions, element by element: the oracle of both executors.

/// op(a) op(b) for a [m, k] and b [k, n] after transposition.
Numbers naive_matmul(const Numbers& a, const Numbers& b, int64_t m, int64_t k, int64_t n, Transpose ta,
                     Transpose tb);

/// The three convolutions: what is made of an image [n, h, w, c] and a kernel [o, c, kh, kw], of an output
/// gradient and a kernel, of an image and an output gradient.
struct NaiveConvolution {
    Shape image, kernel, output;
    ConvolutionGeometry geometry;

    Numbers forward(const Numbers& x, const Numbers& w) const;
    Numbers input_gradient(const Numbers& dy, const Numbers& w) const;
    Numbers weight_gradient(const Numbers& x, const Numbers& dy) const;
};

}  // namespace ravine::test
