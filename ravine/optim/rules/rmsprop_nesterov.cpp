#include "ravine/optim/rules/rmsprop_nesterov.hpp"

#include "ravine/core/error.hpp"

namespace ravine {

namespace {

/// The rule's own step, eta g / root.
Value scaled_descent(const RmsPropNesterov& rule, RuleGraph& r) {
    const Value g = r.gradient;
    const Value mean_square =
        r.next("mean_square", rule.rho * r.state("mean_square") + (1 - rule.rho) * square(g));
    return r.learning_rate * g / divisor(mean_square, rule.epsilon, rule.epsilon_place);
}

}  // namespace

Value RmsPropNesterov::update(RuleGraph& r) const {
    require(form != NesterovForm::pytorch, "rmsprop-nesterov has no form 'pytorch'");
    return nesterov_update(r, {.momentum = momentum}, form, scaled_descent(*this, r));
}

std::optional<Value> RmsPropNesterov::judged(RuleGraph& r) const {
    if (form != NesterovForm::rewritten) return std::nullopt;
    return r.theta - scaled_descent(*this, r);
}

std::optional<Value> RmsPropNesterov::evaluation_point(RuleGraph& r) const {
    return nesterov_evaluation_point(r, {.momentum = momentum}, form);
}

}  // namespace ravine
