#pragma once

#include "ravine/optim/rules/epsilon.hpp"
#include "ravine/optim/rules/nesterov.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// RMSProp with Nesterov momentum (Goodfellow, Bengio and Courville 2016, algorithm 8.6, with the epsilon
/// that it leaves out: 0 / 0 where a gradient is 0):
///
///     g at theta + mu v
///     r <- rho r + (1 - rho) g^2
///     v <- mu v - lr g / (sqrt(r) + epsilon)
///     theta <- theta + v
///
/// With `form` rewritten the stored point is theta + mu v, as in Nesterov; `pytorch` is no form of this rule.
///
/// State: "mean_square", "velocity".
struct RmsPropNesterov {
    double learning_rate = 0.001;
    double rho = 0.9;
    double momentum = 0.9;
    double epsilon = 1e-8;
    EpsilonPlace epsilon_place = EpsilonPlace::outside;
    NesterovForm form = NesterovForm::lookahead;

    Value update(RuleGraph& r) const;
    std::optional<Value> evaluation_point(RuleGraph& r) const;
    std::optional<Value> judged(RuleGraph& r) const;
};

}  // namespace ravine
