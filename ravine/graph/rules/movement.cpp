#include "ravine/graph/ops.hpp"
#include "ravine/graph/rule.hpp"

namespace ravine {
namespace {

std::vector<int64_t> inverse(const std::vector<int64_t>& axes) {
    std::vector<int64_t> result(axes.size());
    for (size_t i = 0; i < axes.size(); ++i) result[static_cast<size_t>(axes[i])] = static_cast<int64_t>(i);
    return result;
}

/// The operation of y applied to another argument: the tangent of a linear operation.
Value moved(Value y, Value x) {
    switch (y.op()) {
        case Op::broadcast:
            return broadcast(x, y.shape());
        case Op::sum_to:
            return sum_to(x, y.shape());
        case Op::reshape:
            return reshape(x, y.shape());
        case Op::permute:
            return permute(x, y.node().attributes.integers);
        case Op::slice:
            return slice(x, y.node().attributes.integers, y.shape());
        default:
            return pad(x, y.node().attributes.integers, y.shape());
    }
}

/// The adjoint of that operation.
Value transpose(Value y, Value adjoint) {
    const Shape& shape = y.argument(0).shape();
    switch (y.op()) {
        case Op::broadcast:
            return sum_to(adjoint, shape);
        case Op::sum_to:
            return broadcast(adjoint, shape);
        case Op::reshape:
            return reshape(adjoint, shape);
        case Op::permute:
            return permute(adjoint, inverse(y.node().attributes.integers));
        case Op::slice:
            return pad(adjoint, y.node().attributes.integers, shape);
        default:
            return slice(adjoint, y.node().attributes.integers, shape);
    }
}

std::vector<MaybeValue> linear_vjp(Value y, Value adjoint) { return {transpose(y, adjoint)}; }

MaybeValue linear_jvp(Value y, std::span<const MaybeValue> tangents) {
    if (!tangents[0]) return std::nullopt;
    return moved(y, *tangents[0]);
}

/// 1 / (number of maxima) at each maximum, else 0.
Value share_of_maximum(Value y) {
    const Value x = y.argument(0);
    const Value at_maximum = equal(x, broadcast(y, x.shape()));
    return at_maximum / sum_to(at_maximum, y.shape());
}

std::vector<MaybeValue> max_vjp(Value y, Value adjoint) {
    return {share_of_maximum(y) * broadcast(adjoint, y.argument(0).shape())};
}

MaybeValue max_jvp(Value y, std::span<const MaybeValue> tangents) {
    if (!tangents[0]) return std::nullopt;
    return sum_to(share_of_maximum(y) * *tangents[0], y.shape());
}

}  // namespace

Rule movement_rule(Op op) {
    if (op == Op::max_to) return {max_vjp, max_jvp};
    return {linear_vjp, linear_jvp};
}

}  // namespace ravine
