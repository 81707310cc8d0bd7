#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ravine/core/values/shape.hpp"

namespace ravine {

/// The closed set of primitive operations: each one's derivatives are graphs of these same operations, so
/// derivatives of any order exist. Images are [batch, height, width, channels], kernels [out, in, height,
/// width].
enum class Op : uint8_t {
    // Leaves.
    constant,   ///< a tensor filled with `number`
    scalar,     ///< a run-time scalar `name`
    input,      ///< a tensor `name` handed in at each run
    parameter,  ///< a slice of the flat vector `name` from element integers[0] on
    uniform,    ///< random numbers in [0, 1), stream integers[0]
    normal,     ///< random numbers from N(0, 1), stream integers[0]
    // Elementwise, one argument.
    negate,
    exp,
    log,
    sqrt,
    reciprocal,
    square,
    abs,
    sign,
    step,  ///< 1 where x > 0, else 0
    relu,
    tanh,
    sigmoid,
    softplus,
    sin,
    cos,
    stop_gradient,      ///< the identity, with derivative 0
    cross_replica_sum,  ///< the sum over processes: the identity on one
    // Elementwise, two arguments.
    add,
    subtract,
    multiply,
    divide,
    maximum,
    minimum,
    greater,  ///< 1 where a > b, else 0
    equal,    ///< 1 where a = b, else 0
    // Elementwise, three arguments.
    select,  ///< b where a is not 0, else c
    // Between shapes.
    broadcast,
    sum_to,
    max_to,
    reshape,
    permute,  ///< axis i of the result is axis integers[i] of the argument
    slice,    ///< from the offsets `integers` on
    pad,      ///< zeros around: the argument stands at the offsets `integers`
    // Products.
    matmul,                  ///< op(a) op(b); integers = {transpose a, transpose b}
    conv2d,                  ///< (image, kernel); integers = {stride, padding}
    conv2d_input_gradient,   ///< (output gradient, kernel) -> image
    conv2d_weight_gradient,  ///< (image, output gradient) -> kernel
    // Pooling; integers = {kernel, stride, padding}.
    max_pool_indices,       ///< where in its window each maximum stands: row * kernel + column
    pool_gather,            ///< (image, indices) -> the elements at the indices
    pool_scatter,           ///< (output gradient, indices) -> image
    average_pool,           ///< the mean of each window, padding counted as zeros
    average_pool_gradient,  ///< (output gradient) -> image
    // Over the last axis of [n, c].
    softmax,
    log_softmax,
    softmax_cross_entropy,  ///< (logits, targets) -> [n, 1]: -sum_c targets log softmax(logits)
    // An expression that is differentiated as one operation.
    normalized,  ///< (result, x, centered, inverse deviation, gamma, beta) -> result; see normalize.hpp
};

constexpr int op_count = static_cast<int>(Op::normalized) + 1;

/// "conv2d_input_gradient".
const char* name_of(Op op);
/// Whether the operation works element by element on arguments of its own shape.
bool is_elementwise(Op op);
/// Whether the operation is a tensor that lies in a named vector: an input or a parameter.
bool is_stored_leaf(Op op);
/// Whether the node's value is that of its first argument: stop_gradient, cross_replica_sum, normalized.
bool passes_on(Op op);
/// sum_to or max_to.
bool is_reduction(Op op);

/// What an operation needs to know besides its arguments.
struct Attributes {
    std::vector<int64_t> integers;
    double number = 0;
    std::string name;
};

struct Node {
    Op op;
    std::vector<int> arguments;
    Shape shape;
    Attributes attributes;
    std::string label;  ///< the layer that built the node: "2.weight", "loss"
};

class Graph;

/// A node of a graph; copied freely. Arithmetic operators build nodes (see ops.hpp).
struct Value {
    Graph* graph = nullptr;
    int id = -1;

    const Node& node() const;
    const Shape& shape() const;
    Op op() const { return node().op; }
    Value argument(size_t i) const { return {graph, node().arguments.at(i)}; }
    bool operator==(const Value&) const = default;
};

/// A static directed acyclic graph of operations with static shapes and no precision. Nodes are numbered in
/// topological order; equal nodes are made once.
///
/// Usage:
///
///     Graph graph;
///     const Value x = graph.input("x", {3});
///     const Value y = sum(square(x)) + graph.scalar("c");
class Graph {
public:
    Graph() = default;
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    /// The node for this operation, an earlier equal one where there is one. Functions in ops.hpp call this.
    Value make(Op op, std::vector<int> arguments, Shape shape, Attributes attributes = {});

    /// A tensor of `shape` filled with `number`.
    Value constant(double number, Shape shape = {});
    /// A number that may change between runs without compiling again: a rate, a penalty, a temperature.
    Value scalar(const std::string& name);
    /// A tensor handed in at each run.
    Value input(const std::string& name, Shape shape);
    /// The elements [offset, offset + count of shape) of the flat vector `vector`, as a tensor.
    Value parameter(const std::string& vector, int64_t offset, Shape shape);

    const std::deque<Node>& nodes() const { return nodes_; }
    const Node& node(int id) const { return nodes_.at(static_cast<size_t>(id)); }

    /// The label that new nodes carry, for messages that say where a number went wrong.
    std::string label;

private:
    // The number by its bits: as doubles NaN has no place in an order, and -0 would be taken for 0.
    using Key = std::tuple<Op, std::vector<int>, Shape, std::vector<int64_t>, uint64_t, std::string>;

    std::deque<Node> nodes_;  // a deque: references to nodes stay valid while nodes are added
    std::map<Key, int> known_;
};

/// For each node of the graph, by its id, whether any of `values` is computed from it (1) or not (0).
std::vector<char> needed_for(const Graph& graph, const std::vector<Value>& values);

}  // namespace ravine
