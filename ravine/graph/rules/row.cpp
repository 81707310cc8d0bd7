#include "ravine/graph/ops.hpp"
#include "ravine/graph/rule.hpp"

namespace ravine {
namespace {

Value row_sum(Value x) { return sum_to(x, {x.shape()[0], 1}); }

// y = softmax(x): dy = y (dx - <y, dx>), and the Jacobian is symmetric.
Value softmax_derivative(Value y, Value x) { return y * (x - row_sum(y * x)); }

std::vector<MaybeValue> softmax_vjp(Value y, Value adjoint) { return {softmax_derivative(y, adjoint)}; }

MaybeValue softmax_jvp(Value y, std::span<const MaybeValue> tangents) {
    if (!tangents[0]) return std::nullopt;
    return softmax_derivative(y, *tangents[0]);
}

// y = x - log sum exp(x): dy = dx - <softmax(x), dx>.
std::vector<MaybeValue> log_softmax_vjp(Value y, Value adjoint) {
    return {adjoint - softmax(y.argument(0)) * row_sum(adjoint)};
}

MaybeValue log_softmax_jvp(Value y, std::span<const MaybeValue> tangents) {
    if (!tangents[0]) return std::nullopt;
    return *tangents[0] - row_sum(softmax(y.argument(0)) * *tangents[0]);
}

// y = -<t, log softmax(z)>: dy/dz = softmax(z) <t, 1> - t, and dy/dt = -log softmax(z).
Value slope_in_logits(Value y) {
    const Value logits = y.argument(0), targets = y.argument(1);
    return softmax(logits) * row_sum(targets) - targets;
}

std::vector<MaybeValue> cross_entropy_vjp(Value y, Value adjoint) {
    return {slope_in_logits(y) * adjoint, -log_softmax(y.argument(0)) * adjoint};
}

MaybeValue cross_entropy_jvp(Value y, std::span<const MaybeValue> tangents) {
    MaybeValue result;
    if (tangents[0]) result = row_sum(slope_in_logits(y) * *tangents[0]);
    if (tangents[1]) result = sum_of(result, row_sum(-log_softmax(y.argument(0)) * *tangents[1]));
    return result;
}

}  // namespace

Rule row_rule(Op op) {
    if (op == Op::softmax) return {softmax_vjp, softmax_jvp};
    if (op == Op::log_softmax) return {log_softmax_vjp, log_softmax_jvp};
    return {cross_entropy_vjp, cross_entropy_jvp};
}

}  // namespace ravine
