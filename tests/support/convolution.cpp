#include "tests/support/convolution.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "ravine/core/error.hpp"
#include "tests/support/run_product.hpp"

namespace ravine::test {

ConvolutionCase::ConvolutionCase(Shape the_image, Shape the_kernel, ConvolutionGeometry the_geometry)
    : image(std::move(the_image)), kernel(std::move(the_kernel)), geometry(the_geometry) {
    Graph g;
    output = conv2d(g.input("x", image), g.input("w", kernel), geometry).shape();
}

std::string ConvolutionCase::text() const {
    return fmt::format("image {} kernel {} stride {} padding {}", to_string(image), to_string(kernel),
                       geometry.stride, geometry.padding);
}

std::array<ProductRequest, 3> ConvolutionCase::requests(int threads) const {
    const ProductRequest forward{.op = Op::conv2d,
                                 .integers = {geometry.stride, geometry.padding},
                                 .first = image,
                                 .second = kernel,
                                 .result = output,
                                 .first_buffer = 0,
                                 .second_buffer = 1,
                                 .result_buffer = 2,
                                 .activation = {},
                                 .threads = threads};
    std::array result{forward, forward, forward};
    result[0].bias_buffer = 3, result[0].activation = Op::relu;
    result[1].op = Op::conv2d_input_gradient;
    result[1].first = output, result[1].result = image;
    result[2].op = Op::conv2d_weight_gradient;
    result[2].second = output, result[2].result = kernel;
    return result;
}

ConvolutionProblem::ConvolutionProblem(const ConvolutionCase& c, double unit) {
    const auto numbers = [&](int64_t count, uint64_t seed) {
        Numbers result = random_numbers(count, seed);
        if (unit > 0)
            for (double& x : result) x = std::round(x / unit) * unit;
        return result;
    };
    feed = as_floats({.storages = {{"x", numbers(element_count(c.image), 1)},
                                   {"w", numbers(element_count(c.kernel), 2)},
                                   {"dy", numbers(element_count(c.output), 3)},
                                   {"bias", numbers(c.kernel[0], 4)}}});
    Graph g;
    const Value x = g.input("x", c.image), w = g.input("w", c.kernel), dy = g.input("dy", c.output);
    expected = evaluate({relu(conv2d(x, w, c.geometry) + g.input("bias", {c.kernel[0]})),
                         conv2d_input_gradient(dy, w, c.image, c.geometry),
                         conv2d_weight_gradient(x, dy, c.kernel, c.geometry)},
                        feed);
}

Numbers ConvolutionProblem::found(const Kernel& kernel, const ProductRequest& request, size_t i) const {
    return run_product(kernel, request, feed.storages.at(i == 1 ? "dy" : "x"),
                       feed.storages.at(i == 2 ? "dy" : "w"), feed.storages.at("bias"));
}

bool has_bfloat16() {
    try {
        require_supported(Precision::bf16);
    } catch (const RequestError&) {
        return false;
    }
    return true;
}

}  // namespace ravine::test
