#pragma once

#include "ravine/optim/rules/epsilon.hpp"
#include "ravine/optim/rules/momentum_schedule.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// RMSProp (Tieleman and Hinton 2012, lecture 6.5):
///
///     r <- rho r + (1 - rho) g^2
///     theta <- theta - lr g / (sqrt(r) + epsilon)
///
/// `centered` (Graves 2013, eq. 38-41) divides by the root of the variance r - m^2, m the running mean of g.
/// `momentum` gathers the scaled gradients in a velocity, in either form.
///
/// State: "mean_square"; with `centered` "mean"; with momentum "velocity".
struct RmsProp {
    double learning_rate = 0.001;
    double rho = 0.9;
    double epsilon = 1e-8;
    EpsilonPlace epsilon_place = EpsilonPlace::outside;
    double momentum = 0;
    MomentumForm form = MomentumForm::velocity;
    bool centered = false;

    Value update(RuleGraph& r) const;
};

}  // namespace ravine
