#pragma once

#include "ravine/graph/ops.hpp"

namespace ravine {

/// Where a rule that divides by a root keeps its epsilon. The papers differ: inside, an epsilon of 1e-8
/// bounds the divisor by 1e-4; outside by 1e-8.
enum class EpsilonPlace {
    outside,  ///< sqrt(x) + epsilon
    inside,   ///< sqrt(x + epsilon)
};

/// sqrt(x) + epsilon, or sqrt(x + epsilon).
Value divisor(Value x, double epsilon, EpsilonPlace place);

}  // namespace ravine
