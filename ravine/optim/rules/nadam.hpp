#pragma once

#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// NAdam, Adam with Nesterov momentum (Dozat 2016, algorithm 2, with the momentum schedule of its section 3):
///
///     mu_t = beta1 (1 - 0.5 * 0.96^(t momentum_decay)),   M_t = mu_1 mu_2 ... mu_t
///     m <- beta1 m + (1 - beta1) g
///     v <- beta2 v + (1 - beta2) g^2
///     m^ = mu_{t+1} m / (1 - M_{t+1}) + (1 - mu_t) g / (1 - M_t)
///     theta <- theta - lr m^ / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// State: "m", "v". M_t is a function of t alone, and not part of the state.
struct NAdam {
    double learning_rate = 0.002;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double momentum_decay = 0.004;

    Value update(RuleGraph& r) const;
};

}  // namespace ravine
