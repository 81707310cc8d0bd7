#pragma once

#include "ravine/optim/rules/momentum_schedule.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// Nesterov's accelerated gradient (Nesterov 1983; Sutskever, Martens, Dahl and Hinton 2013, eq. 3-4). The
/// form `lookahead` is the definition:
///
///     v <- mu_t v - lr g(theta + mu_t v)
///     theta <- theta + v
///
/// The form `rewritten` follows x = theta + mu v instead, so that the gradient is evaluated where the
/// parameters are:
///
///     v' <- mu_t v - lr g(x)
///     x <- x + (1 + mu_{t+1}) v' - mu_t v
///
/// which for a constant mu is v' + mu (v' - v), and which stays right when mu changes. Its stored point, the
/// one that is evaluated and saved, is x; that of `lookahead` is theta. The form `pytorch` is v <- mu v + g;
/// x <- x - lr (g + mu v).
///
/// State: "velocity".
struct Nesterov {
    double learning_rate = 0.01;
    double momentum = 0.9;  ///< mu, or where its schedule ends
    MomentumSchedule::Kind momentum_schedule = MomentumSchedule::Kind::constant;
    double momentum_start = 0.5;
    int64_t momentum_steps = 1000;
    NesterovForm form = NesterovForm::rewritten;

    Value update(RuleGraph& r) const;
    std::optional<Value> evaluation_point(RuleGraph& r) const;
    std::optional<Value> judged(RuleGraph& r) const;
    MomentumSchedule schedule() const {
        return {momentum_schedule, momentum, momentum_start, momentum_steps};
    }
};

/// v' <- mu_t v - descent, and the stored point after it in the form `rewritten` or `lookahead`; `descent` is
/// the rule's own step, lr g for plain Nesterov.
Value nesterov_update(RuleGraph& r, const MomentumSchedule& schedule, NesterovForm form, Value descent);
/// theta + mu_t v for the form `lookahead`; nothing for the others.
std::optional<Value> nesterov_evaluation_point(RuleGraph& r, const MomentumSchedule& schedule,
                                               NesterovForm form);

}  // namespace ravine
