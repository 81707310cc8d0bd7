#include "ravine/graph/rule.hpp"

namespace ravine {
namespace {

/// The operation `op` with the windows of y.
Value with_windows_of(Value y, Op op, std::vector<int> arguments, const Shape& shape) {
    return y.graph->make(op, std::move(arguments), shape, y.node().attributes);
}

// Gather and scatter at fixed indices are linear and adjoint to each other; so are average pooling and its
// gradient.
std::vector<MaybeValue> pooling_vjp(Value y, Value adjoint) {
    const Shape& shape = y.argument(0).shape();
    switch (y.op()) {
        case Op::pool_gather:
            return {with_windows_of(y, Op::pool_scatter, {adjoint.id, y.argument(1).id}, shape),
                    std::nullopt};
        case Op::pool_scatter:
            return {with_windows_of(y, Op::pool_gather, {adjoint.id, y.argument(1).id}, shape), std::nullopt};
        case Op::average_pool:
            return {with_windows_of(y, Op::average_pool_gradient, {adjoint.id}, shape)};
        default:
            return {with_windows_of(y, Op::average_pool, {adjoint.id}, shape)};
    }
}

MaybeValue pooling_jvp(Value y, std::span<const MaybeValue> tangents) {
    if (!tangents[0]) return std::nullopt;
    std::vector<int> arguments = y.node().arguments;
    arguments[0] = tangents[0]->id;
    return with_windows_of(y, y.op(), arguments, y.shape());
}

std::vector<MaybeValue> no_vjp(Value, Value) { return {std::nullopt}; }

MaybeValue no_jvp(Value, std::span<const MaybeValue>) { return std::nullopt; }

}  // namespace

Rule pooling_rule(Op op) {
    if (op == Op::max_pool_indices) return {no_vjp, no_jvp};  // piecewise constant
    return {pooling_vjp, pooling_jvp};
}

}  // namespace ravine
