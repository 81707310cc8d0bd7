#pragma once

#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// Adam (Kingma and Ba 2015, algorithm 1): epsilon outside the root, one step counter for all parameters.
///
///     m <- beta1 m + (1 - beta1) g
///     v <- beta2 v + (1 - beta2) g^2
///     theta <- theta - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// Without bias correction the two divisions by 1 - beta^t are left out.
struct Adam {
    double learning_rate = 0.001;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    bool bias_correction = true;

    Value update(RuleGraph& r) const;
};

}  // namespace ravine
