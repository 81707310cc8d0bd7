#pragma once

#include <string>

#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// DoG, distance over gradients (Ivgi, Hinder and Carmon 2023): gradient descent whose rate is the largest
/// distance from the initial point so far over the root of the sum of all squared gradients.
///
///     r <- max(r, ||theta - theta_0||), at least r_epsilon = initial_step (1 + ||theta_0||)
///     G <- G + ||g||^2
///     theta <- theta - lr r / sqrt(G + epsilon) g
///
/// over all that is trained. lr is 1, and a schedule multiplies it. What the method promises something of is
/// the average of its iterates that decays polynomially, with gamma = 8, which is what it asks for
/// (Optimizer::average()). A tensor's own rate multiplies its step, and nothing in r or G.
struct Dog {
    double learning_rate = 1;
    double initial_step = 1e-6;  ///< r_epsilon as a share of 1 + ||theta_0||: the length of the first step
    double epsilon = 1e-8;

    Value update(RuleGraph& r) const;
    std::string average() const { return "polynomial:gamma=8"; }
};

}  // namespace ravine
