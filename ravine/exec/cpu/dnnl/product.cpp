#include "ravine/exec/cpu/dnnl/product.hpp"

#include <fmt/format.h>

#include "ravine/core/threads/threads.hpp"

namespace ravine {

ConvolutionShapes::ConvolutionShapes(const ProductRequest& request)
    : image(request.op == Op::conv2d_input_gradient ? request.result : request.first),
      kernel(request.op == Op::conv2d_weight_gradient ? request.result : request.second),
      output(request.op == Op::conv2d                  ? request.result
             : request.op == Op::conv2d_input_gradient ? request.first
                                                       : request.second) {}

std::string epilogue_text(const ProductRequest& request) {
    return fmt::format("{}{}{}", request.bias_buffer >= 0 ? " + bias" : "",
                       request.activation ? std::string(" + ") + name_of(*request.activation) : "",
                       request.places_buffer >= 0 ? " + max-pool" : "");
}

tile::Loop activation_loop(Op activation) {
    return tile::loop_of(activation == Op::relu   ? tile::Function::relu
                         : activation == Op::tanh ? tile::Function::tanh
                                                  : tile::Function::sigmoid);
}

void activate(const ProductRequest& request, const Context& context) {
    if (!request.activation) return;
    const tile::Loop loop = activation_loop(*request.activation);
    parallel(request.threads, element_count(request.result), 32768, [&](int64_t begin, int64_t end) {
        const auto apply = [&](auto* x) { loop(x, nullptr, nullptr, x, static_cast<size_t>(end - begin)); };
        if (request.result_element == Element::f32)
            apply(context.as<float>(request.result_buffer) + begin);
        else
            apply(context.as<Bfloat16>(request.result_buffer) + begin);
    });
}

}  // namespace ravine
