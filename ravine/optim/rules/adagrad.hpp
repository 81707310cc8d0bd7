#pragma once

#include "ravine/optim/rules/epsilon.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// AdaGrad with a diagonal matrix (Duchi, Hazan and Singer 2011, fig. 1):
///
///     r <- r + g^2
///     theta <- theta - lr g / (sqrt(r) + epsilon)
///
/// State: "sum_of_squares", `initial_accumulator` at first.
struct AdaGrad {
    double learning_rate = 0.01;
    double epsilon = 1e-7;
    EpsilonPlace epsilon_place = EpsilonPlace::outside;
    double initial_accumulator = 0;

    Value update(RuleGraph& r) const;
};

}  // namespace ravine
