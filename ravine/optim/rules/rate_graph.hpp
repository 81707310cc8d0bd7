#pragma once

#include <optional>

#include "ravine/graph/graph.hpp"

namespace ravine {

// A rule's step theta(eta) as a graph: what it is made of, read off its nodes.

/// The value at eta = 0, where the rate enters by products, quotients' numerators, sums and differences, as
/// it does in rules that are affine in it: what is multiplied by 0 is left out, whatever it is. Nothing where
/// it enters otherwise.
std::optional<Value> at_zero_rate(Value value, Value rate);

/// c where y is c x, with a number c of the graph; nothing where it is anything else.
std::optional<double> multiple_of(Value y, Value x);

}  // namespace ravine
