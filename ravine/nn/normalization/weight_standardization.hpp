#pragma once

#include "ravine/graph/graph.hpp"

namespace ravine {

/// The weight of a dense layer or a convolution with mean 0 and variance 1 over the inputs of each unit or
/// output channel: w' = (w - mean) / sqrt(var + epsilon), the variance biased (Qiao, Wang, Liu, Shen and
/// Yuille 2019, eq. 5 to 7). Derivatives pass through it: the layer learns w.
Value standardize_weight(Value weight, double epsilon = 1e-5);

}  // namespace ravine
