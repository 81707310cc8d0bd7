#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ravine/graph/graph.hpp"

namespace ravine {

/// A derivative that may be structurally zero: nothing stands for zero.
using MaybeValue = std::optional<Value>;

/// The derivative rules of one operation, written as graph building.
struct Rule {
    /// For y and the adjoint of y, the adjoint of each argument (vector-Jacobian product).
    std::vector<MaybeValue> (*vjp)(Value y, Value adjoint) = nullptr;
    /// For y and the tangents of its arguments, the tangent of y (Jacobian-vector product).
    MaybeValue (*jvp)(Value y, std::span<const MaybeValue> tangents) = nullptr;
};

/// The rules of an operation; those of a leaf are empty. The rules of a family stand in rules/FAMILY.cpp.
Rule rule_of(Op op);
Rule elementwise_rule(Op op);
Rule movement_rule(Op op);
Rule product_rule(Op op);
Rule pooling_rule(Op op);
Rule row_rule(Op op);
Rule normalized_rule();

/// The sum of two derivatives that may be zero.
MaybeValue sum_of(const MaybeValue& a, const MaybeValue& b);

}  // namespace ravine
