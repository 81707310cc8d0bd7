#pragma once

#include "ravine/optim/rules/momentum_schedule.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// Gradient descent with momentum, the heavy ball (Polyak 1964; Sutskever, Martens, Dahl and Hinton 2013):
///
///     v <- mu v - lr g
///     theta <- theta + v
///
/// State: "velocity".
struct Momentum {
    double learning_rate = 0.01;
    double momentum = 0.9;  ///< mu, or where its schedule ends
    MomentumSchedule::Kind momentum_schedule = MomentumSchedule::Kind::constant;
    double momentum_start = 0.5;
    int64_t momentum_steps = 1000;
    MomentumForm form = MomentumForm::velocity;

    Value update(RuleGraph& r) const;
    MomentumSchedule schedule() const {
        return {momentum_schedule, momentum, momentum_start, momentum_steps};
    }
};

}  // namespace ravine
