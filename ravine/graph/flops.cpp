#include "ravine/graph/flops.hpp"

namespace ravine {
namespace {

/// The elements of a tensor times those of a kernel [out, in, height, width] for one output.
int64_t convolution_flops(const Shape& output, const Shape& kernel) {
    return 2 * element_count(output) * (element_count(kernel) / kernel[0]);
}

}  // namespace

int64_t flops_of(const Graph& graph, int id) { return flops_of(graph, graph.node(id)); }

int64_t flops_of(const Graph& graph, const Node& node) {
    const auto argument = [&](size_t i) -> const Shape& { return graph.node(node.arguments[i]).shape; };
    switch (node.op) {
        case Op::matmul:
            return 2 * element_count(node.shape) * argument(0)[node.attributes.integers[0] ? 0 : 1];
        case Op::conv2d:
            return convolution_flops(node.shape, argument(1));
        case Op::conv2d_input_gradient:
            return convolution_flops(argument(0), argument(1));
        case Op::conv2d_weight_gradient:
            return convolution_flops(argument(1), node.shape);
        case Op::sum_to:
        case Op::max_to:
            return element_count(argument(0));
        case Op::max_pool_indices:
        case Op::average_pool:
            return element_count(node.shape) * node.attributes.integers[0] * node.attributes.integers[0];
        case Op::pool_scatter:
            return element_count(argument(0));
        case Op::average_pool_gradient:
            return element_count(argument(0)) * node.attributes.integers[0] * node.attributes.integers[0];
        case Op::softmax:
        case Op::log_softmax:
        case Op::softmax_cross_entropy:
            return 4 * element_count(argument(0));  // maximum, exponential, sum, quotient
        default:
            return is_elementwise(node.op) && !passes_on(node.op) ? element_count(node.shape) : 0;
    }
}

}  // namespace ravine
