#pragma once

#include <array>
#include <string>
#include <vector>

#include "ravine/exec/cpu/dnnl/product.hpp"
#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

namespace ravine::test {

/// The shapes of a convolution: image and output [n, h, w, channels], kernel [out, in, height, width].
struct ConvolutionCase {
    ConvolutionCase(Shape image, Shape kernel, ConvolutionGeometry geometry);
    std::string text() const;

    /// Forward with a bias and a relu, input gradient, kernel gradient; for run_product.
    std::array<ProductRequest, 3> requests(int threads) const;

    Shape image, kernel, output;
    ConvolutionGeometry geometry;
};

/// What a case is run on, and what comes out of its three operations by the reference.
struct ConvolutionProblem {
    /// On uniform numbers; with a unit, on the multiples of it next to them.
    explicit ConvolutionProblem(const ConvolutionCase& c, double unit = 0);

    /// What a kernel makes of request number i of the case.
    Numbers found(const Kernel& kernel, const ProductRequest& request, size_t i) const;

    Feed feed;
    std::vector<Numbers> expected;
};

/// Whether programs run in bfloat16 here.
bool has_bfloat16();

}  // namespace ravine::test
