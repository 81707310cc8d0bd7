#include "ravine/graph/ops.hpp"
#include "ravine/graph/rule.hpp"

namespace ravine {
namespace {

/// The partial derivative of y with respect to its argument i, elementwise; nothing where it is zero
/// everywhere.
MaybeValue partial(Value y, size_t i) {
    const Value a = y.argument(0);
    switch (y.op()) {
        case Op::negate:
            return constant_like(y, -1);
        case Op::exp:
            return y;
        case Op::log:
            return reciprocal(a);
        case Op::sqrt:
            return 0.5 / y;
        case Op::reciprocal:
            return -square(y);
        case Op::square:
            return 2 * a;
        case Op::abs:
            return sign(a);
        case Op::relu:
            return step(y);  // of the result, so that the argument need not be kept
        case Op::tanh:
            return 1 - square(y);
        case Op::sigmoid:
            return y * (1 - y);
        case Op::softplus:
            return sigmoid(a);
        case Op::sin:
            return cos(a);
        case Op::cos:
            return -sin(a);
        case Op::cross_replica_sum:
            return constant_like(y, 1);
        case Op::add:
            return constant_like(y, 1);
        case Op::subtract:
            return constant_like(y, i == 0 ? 1 : -1);
        case Op::multiply:
            return y.argument(1 - i);
        case Op::divide:
            return i == 0 ? reciprocal(y.argument(1)) : -y / y.argument(1);
        case Op::maximum: {
            const Value second = greater(y.argument(1), a);
            return i == 0 ? 1 - second : second;
        }
        case Op::minimum: {
            const Value second = greater(a, y.argument(1));
            return i == 0 ? 1 - second : second;
        }
        default:
            return std::nullopt;  // sign, step, greater, equal, stop_gradient: zero wherever it exists
    }
}

std::vector<MaybeValue> elementwise_vjp(Value y, Value adjoint) {
    std::vector<MaybeValue> result;
    for (size_t i = 0; i < y.node().arguments.size(); ++i) {
        if (const auto slope = partial(y, i))
            result.emplace_back(*slope * adjoint);
        else
            result.emplace_back();
    }
    return result;
}

MaybeValue elementwise_jvp(Value y, std::span<const MaybeValue> tangents) {
    MaybeValue result;
    for (size_t i = 0; i < tangents.size(); ++i) {
        if (!tangents[i]) continue;
        if (const auto slope = partial(y, i)) result = sum_of(result, *slope * *tangents[i]);
    }
    return result;
}

// What select() leaves out may be NaN or infinite, so its rules select again instead of multiplying by 0.
std::vector<MaybeValue> select_vjp(Value y, Value adjoint) {
    const Value condition = y.argument(0), zero = constant_like(y, 0);
    return {std::nullopt, select(condition, adjoint, zero), select(condition, zero, adjoint)};
}

MaybeValue select_jvp(Value y, std::span<const MaybeValue> tangents) {
    if (!tangents[1] && !tangents[2]) return std::nullopt;
    const Value zero = constant_like(y, 0);
    return select(y.argument(0), tangents[1].value_or(zero), tangents[2].value_or(zero));
}

}  // namespace

Rule elementwise_rule(Op op) {
    if (op == Op::select) return {select_vjp, select_jvp};
    return {elementwise_vjp, elementwise_jvp};
}

}  // namespace ravine
