#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "ravine/graph/graph.hpp"

namespace ravine {

/// What a node of a graph is to become: of the node itself and what its arguments became, or nothing: the
/// same operation on those.
using RewriteRule = std::function<std::optional<Value>(Value node, std::span<const Value> arguments)>;

/// The same values, computed by other nodes: a rule is asked for every node that they need, arguments first.
/// New nodes are appended to the graph; where nothing changes the values are those that were given.
std::vector<Value> rewrite(const std::vector<Value>& values, const RewriteRule& rule);

}  // namespace ravine
