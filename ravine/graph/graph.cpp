#include "ravine/graph/graph.hpp"

#include <bit>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {

const char* name_of(Op op) {
    static constexpr const char* names[] = {"constant",
                                            "scalar",
                                            "input",
                                            "parameter",
                                            "uniform",
                                            "normal",
                                            "negate",
                                            "exp",
                                            "log",
                                            "sqrt",
                                            "reciprocal",
                                            "square",
                                            "abs",
                                            "sign",
                                            "step",
                                            "relu",
                                            "tanh",
                                            "sigmoid",
                                            "softplus",
                                            "sin",
                                            "cos",
                                            "stop_gradient",
                                            "cross_replica_sum",
                                            "add",
                                            "subtract",
                                            "multiply",
                                            "divide",
                                            "maximum",
                                            "minimum",
                                            "greater",
                                            "equal",
                                            "select",
                                            "broadcast",
                                            "sum_to",
                                            "max_to",
                                            "reshape",
                                            "permute",
                                            "slice",
                                            "pad",
                                            "matmul",
                                            "conv2d",
                                            "conv2d_input_gradient",
                                            "conv2d_weight_gradient",
                                            "max_pool_indices",
                                            "pool_gather",
                                            "pool_scatter",
                                            "average_pool",
                                            "average_pool_gradient",
                                            "softmax",
                                            "log_softmax",
                                            "softmax_cross_entropy",
                                            "normalized"};
    static_assert(std::size(names) == op_count);
    return names[static_cast<size_t>(op)];
}

bool is_elementwise(Op op) { return op >= Op::negate && op <= Op::select; }

bool is_stored_leaf(Op op) { return op == Op::input || op == Op::parameter; }

bool passes_on(Op op) {
    return op == Op::stop_gradient || op == Op::cross_replica_sum || op == Op::normalized;
}

bool is_reduction(Op op) { return op == Op::sum_to || op == Op::max_to; }

const Node& Value::node() const { return graph->node(id); }

const Shape& Value::shape() const { return node().shape; }

Value Graph::make(Op op, std::vector<int> arguments, Shape shape, Attributes attributes) {
    for (const int id : arguments)
        require(id >= 0 && id < static_cast<int>(nodes_.size()), "{}: no node {}", name_of(op), id);
    Key key{op,
            arguments,
            shape,
            attributes.integers,
            std::bit_cast<uint64_t>(attributes.number),
            attributes.name};
    if (const auto found = known_.find(key); found != known_.end()) return {this, found->second};
    const int id = static_cast<int>(nodes_.size());
    nodes_.push_back({op, std::move(arguments), std::move(shape), std::move(attributes), label});
    known_.emplace(std::move(key), id);
    return {this, id};
}

Value Graph::constant(double number, Shape shape) {
    return make(Op::constant, {}, std::move(shape), {.integers = {}, .number = number, .name = {}});
}

Value Graph::scalar(const std::string& name) {
    return make(Op::scalar, {}, {}, {.integers = {}, .number = 0, .name = name});
}

Value Graph::input(const std::string& name, Shape shape) {
    return make(Op::input, {}, std::move(shape), {.integers = {}, .number = 0, .name = name});
}

Value Graph::parameter(const std::string& vector, int64_t offset, Shape shape) {
    return make(Op::parameter, {}, std::move(shape), {.integers = {offset}, .number = 0, .name = vector});
}

std::vector<char> needed_for(const Graph& graph, const std::vector<Value>& values) {
    std::vector<char> needed(graph.nodes().size(), 0);
    for (const Value value : values) needed[static_cast<size_t>(value.id)] = 1;
    for (size_t id = needed.size(); id-- > 0;)
        if (needed[id])
            for (const int argument : graph.node(static_cast<int>(id)).arguments)
                needed[static_cast<size_t>(argument)] = 1;
    return needed;
}

}  // namespace ravine
