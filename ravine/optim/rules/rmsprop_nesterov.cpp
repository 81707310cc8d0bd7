#include "ravine/optim/rules/rmsprop_nesterov.hpp"

#include "ravine/core/error.hpp"

namespace ravine {

Value RmsPropNesterov::update(RuleGraph& r) const {
    require(form != NesterovForm::pytorch, "rmsprop-nesterov has no form 'pytorch'");
    const Value g = r.gradient;
    const Value mean_square = r.next("mean_square", rho * r.state("mean_square") + (1 - rho) * square(g));
    const Value root = divisor(mean_square, epsilon, epsilon_place);
    return nesterov_update(r, {.momentum = momentum}, form, r.learning_rate * g / root);
}

std::optional<Value> RmsPropNesterov::evaluation_point(RuleGraph& r) const {
    return nesterov_evaluation_point(r, {.momentum = momentum}, form);
}

}  // namespace ravine
