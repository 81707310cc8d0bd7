#pragma once

#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// Adadelta (Zeiler 2012, algorithm 1), with a learning rate that is 1 in the paper:
///
///     E <- rho E + (1 - rho) g^2
///     d = sqrt(D + epsilon) / sqrt(E + epsilon) g
///     D <- rho D + (1 - rho) d^2
///     theta <- theta - lr d
///
/// State: "mean_square" (E), "mean_square_step" (D).
struct Adadelta {
    double learning_rate = 1;
    double rho = 0.95;
    double epsilon = 1e-6;

    Value update(RuleGraph& r) const;
};

}  // namespace ravine
