#pragma once

#include <cstdint>

#include "ravine/graph/graph.hpp"

namespace ravine {

/// Floating-point operations that a node asks for, counted as the field does: 2 m n k for a product of m x k
/// and k x n; twice the output elements times the window's weights for a convolution and, alike, for each of
/// its two adjoints; one an element for elementwise operations, reductions and pooling windows' elements;
/// none for leaves and what only moves numbers. Windows that reach into the padding count whole.
int64_t flops_of(const Graph& graph, int id);
int64_t flops_of(const Graph& graph, const Node& node);

}  // namespace ravine
