#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ravine/exec/cpu/fused/tile.hpp"
#include "ravine/exec/plan/kernel.hpp"
#include "ravine/graph/graph.hpp"

namespace ravine {

/// A matmul or a convolution with what fusion put behind it.
struct ProductRequest {
    Op op;
    std::vector<int64_t> integers;  ///< the node's attributes
    Shape first, second, result;
    int first_buffer, second_buffer, result_buffer;
    Element factor_element = Element::f32;  ///< of the two factors, but for the kernel of a convolution
    Element kernel_element = Element::f32;  ///< of that kernel, factor or result, where it is stored
    Element result_element = Element::f32;  ///< of a result that is no kernel
    int bias_buffer = -1;
    std::optional<Op> activation;
    /// Places of maxima in windows of 2 x 2 that lie side by side, or -1. A convolution with such a buffer
    /// leaves the maxima of its result, and there their places; a kernel gradient takes for its second factor
    /// the gradient of the maxima. Between few channels alone (suits_thin).
    int places_buffer = -1;
    int threads = 1;
};

/// A matmul by oneDNN; nothing where it has no fast implementation (of bfloat16).
std::unique_ptr<Kernel> make_matmul(const ProductRequest& request);
/// One of the three convolutions by oneDNN; nothing where it has no fast implementation.
std::unique_ptr<Kernel> make_convolution(const ProductRequest& request);
/// The same as products of matrices: each row of one holds the pixels that one output pixel sees. In float,
/// and the gradient of a kernel of bfloat16 numbers too.
std::unique_ptr<Kernel> make_gathered_convolution(const ProductRequest& request);
/// Whether the gathered form beats oneDNN's own: gradients of large kernels over small images, and over
/// images that a stride thins out, where oneDNN reaches a third to two thirds of the processor's peak
/// (measured on ResNet-18: 10 to 14 ms against 12 to 19, and 15 against 25 in float).
bool gathers_better(const ProductRequest& request);

/// One of the three convolutions by Winograd's algorithm, which multiplies a quarter as much and rounds more;
/// nothing where the products that it needs have no fast implementation.
std::unique_ptr<Kernel> make_winograd_convolution(const ProductRequest& request);
/// Whether that is possible and faster: kernels of 3 x 3 with stride 1 between enough channels.
bool suits_winograd(const ProductRequest& request);

/// One of the three convolutions in registers, without a copy of any window; stride 1.
std::unique_ptr<Kernel> make_thin_convolution(const ProductRequest& request);
/// Whether that is possible and faster: between few channels.
bool suits_thin(const ProductRequest& request);

/// The three tensors of a convolution, in whichever order the operation takes them: image and output [n, h,
/// w, c], kernel [out, in, height, width].
struct ConvolutionShapes {
    explicit ConvolutionShapes(const ProductRequest& request);
    Shape image, kernel, output;
};

/// " + bias + relu": the end of a description.
std::string epilogue_text(const ProductRequest& request);
/// The loop of relu, tanh or sigmoid.
tile::Loop activation_loop(Op activation);
/// Applies the activation of the request to its result. oneDNN's own relu would make 0 of NaN.
void activate(const ProductRequest& request, const Context& context);

}  // namespace ravine
