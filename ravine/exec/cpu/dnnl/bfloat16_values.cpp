#include "ravine/exec/cpu/dnnl/bfloat16_values.hpp"

#include <algorithm>

namespace ravine {
namespace {

bool is_row_op(Op op) { return op >= Op::softmax && op <= Op::softmax_cross_entropy; }

bool is_pooling(Op op) { return op >= Op::max_pool_indices && op <= Op::average_pool_gradient; }

/// Whether the places in a window, which max-pooling stores beside its results, are exact in 8 bits.
bool has_exact_places(const Node& node) { return node.attributes.integers[0] <= 16; }

bool is_movement(Op op) { return op == Op::permute || op == Op::slice || op == Op::pad; }

/// Products whose result is an activation. A sum over the examples, as in a transposed first factor, is the
/// gradient of a weight.
bool makes_activation(const Node& node) {
    if (node.op == Op::matmul) return node.attributes.integers[0] == 0;
    return node.op == Op::conv2d || node.op == Op::conv2d_input_gradient;
}

}  // namespace

std::vector<char> bfloat16_values(const Lowering& lowering) {
    const Graph& graph = lowering.graph();
    std::vector<char> is_bfloat16(graph.nodes().size(), 0), is_factor(is_bfloat16), is_row(is_bfloat16);
    for (const int id : lowering.needed()) {
        const Node& node = graph.node(id);
        for (const int argument : node.arguments) {
            const auto source = static_cast<size_t>(lowering.source_of_views(argument));
            if (node.op >= Op::matmul && node.op <= Op::conv2d_weight_gradient) is_factor[source] = 1;
            if (is_row_op(node.op)) is_row[source] = 1;
        }
    }
    for (const int id : lowering.needed()) {
        const auto index = static_cast<size_t>(id);
        const Node& node = graph.node(id);
        if (lowering.resolve(id) != id || lowering.is_output(id) || is_row[index]) continue;
        const auto is_carried = [&](int argument) {
            return is_bfloat16[static_cast<size_t>(lowering.source_of_views(argument))] != 0;
        };
        if (is_elementwise(node.op))
            is_bfloat16[index] = is_factor[index] || std::ranges::any_of(node.arguments, [&](int argument) {
                                     return graph.node(argument).shape == node.shape && is_carried(argument);
                                 });
        else if ((is_pooling(node.op) && has_exact_places(node)) || is_movement(node.op))
            is_bfloat16[index] = is_carried(node.arguments[0]);
        else
            is_bfloat16[index] = makes_activation(node);
    }
    return is_bfloat16;
}

}  // namespace ravine
