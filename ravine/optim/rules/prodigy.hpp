#pragma once

#include <string>

#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// Prodigy (Mishchenko and Defazio 2023, algorithm 4): Adam whose rate d is a growing estimate of the
/// distance from the initial point to a solution. d_0 is a small number; with beta3 = sqrt(beta2), over all
/// that is trained,
///
///     m <- beta1 m + (1 - beta1) d g
///     v <- beta2 v + (1 - beta2) d^2 g^2
///     theta' = theta - lr d m / (sqrt(v) + d epsilon)
///     r <- beta3 r + (1 - beta3) lr d^2 <g, theta_0 - theta>
///     s <- beta3 s + (1 - beta3) lr d^2 g
///     d <- max(d, d_coefficient r / ||s||_1)
///
/// with the new d from the next step on. lr is 1, and a schedule multiplies it. A tensor's own rate
/// multiplies its step and its part of s, as if its parameters were measured in other units.
///
/// Where steps of d_0 are lost in rounding, or lead uphill, d never grows: concern() says so.
struct Prodigy {
    double learning_rate = 1;
    double initial_d = 1e-6;
    double d_coefficient = 1;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;

    Value update(RuleGraph& r) const;
    std::string concern(int64_t updates, const NumberOf& number) const;
};

}  // namespace ravine
