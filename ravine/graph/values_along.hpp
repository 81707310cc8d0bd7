#pragma once

#include <span>
#include <vector>

#include "ravine/graph/graph.hpp"

namespace ravine {

/// y at wrt + s v for each of `steps` s, numbers of the graph. The products of what does not move with a
/// tensor of `wrt` are affine in s, x (w + s v) = x w + s (x v): their two parts are computed once for all
/// steps, and x w is the node of y itself.
std::vector<Value> values_along(Value y, std::span<const Value> wrt, std::span<const Value> v,
                                std::span<const Value> steps);

}  // namespace ravine
