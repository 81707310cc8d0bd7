#pragma once

#include <vector>

#include "ravine/exec/plan/plan.hpp"

namespace ravine {

/// Which nodes' values bf16 stores as bfloat16, by node: the activations, and their gradients, that products
/// read or write, and what pooling, movement and elementwise operations make of them in the same shape.
/// Statistics, losses, gradients of weights and outputs stay float.
std::vector<char> bfloat16_values(const Lowering& lowering);

}  // namespace ravine
