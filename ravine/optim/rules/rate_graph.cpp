#include "ravine/optim/rules/rate_graph.hpp"

#include <algorithm>

#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

bool is_zero(Value x) {
    while (x.op() == Op::broadcast || x.op() == Op::reshape) x = x.argument(0);
    return constant_value(x) == 0;
}

}  // namespace

std::optional<Value> at_zero_rate(Value value, Value rate) {
    if (value == rate) return constant_like(value, 0);
    if (!needed_for(*value.graph, {value})[static_cast<size_t>(rate.id)]) return value;
    std::vector<Value> at_zero;
    for (size_t i = 0; i < value.node().arguments.size(); ++i) {
        const auto argument = at_zero_rate(value.argument(i), rate);
        if (!argument) return std::nullopt;
        at_zero.push_back(*argument);
    }
    const Value zero = constant_like(value, 0), a = at_zero[0], b = at_zero.back();
    switch (value.op()) {
        case Op::negate:
            return is_zero(a) ? zero : -a;
        case Op::multiply:
            return is_zero(a) || is_zero(b) ? zero : a * b;
        case Op::divide:
            if (value.argument(1) != b) return std::nullopt;
            return is_zero(a) ? zero : a / b;
        case Op::add:
            if (is_zero(a)) return b;
            return is_zero(b) ? a : a + b;
        case Op::subtract:
            if (is_zero(b)) return a;
            return is_zero(a) ? -b : a - b;
        case Op::broadcast:
            return is_zero(a) ? zero : broadcast(a, value.shape());
        default:
            return std::nullopt;
    }
}

std::optional<double> multiple_of(Value y, Value x) {
    if (y == x) return 1;
    const auto number = [](Value value) {
        while (value.op() == Op::broadcast) value = value.argument(0);
        return constant_value(value);
    };
    if (y.op() == Op::negate)
        if (const auto c = multiple_of(y.argument(0), x)) return -*c;
    if (y.op() != Op::multiply) return std::nullopt;
    for (const size_t i : {size_t{0}, size_t{1}})
        if (const auto factor = number(y.argument(i)))
            if (const auto c = multiple_of(y.argument(1 - i), x)) return *factor * *c;
    return std::nullopt;
}

}  // namespace ravine
