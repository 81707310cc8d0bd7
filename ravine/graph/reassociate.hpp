#pragma once

#include <vector>

#include "ravine/graph/graph.hpp"

namespace ravine {

/// The same values, with a (b c) computed as (a b) c, and (a b) c as a (b c), where that takes fewer
/// operations. With the gradient of a layer of n examples V = X' D, the product X V is (X X') D: n x n
/// numbers stand between instead of the weights' own, which are many more where the batch is small. The
/// same but for rounding. New nodes are appended to the graph; values that change nothing are returned as
/// they are.
std::vector<Value> reassociate(const std::vector<Value>& values);

}  // namespace ravine
