#include "ravine/optim/rules/rmsprop.hpp"

namespace ravine {

Value RmsProp::update(RuleGraph& r) const {
    const Value g = r.gradient;
    Value spread = r.next("mean_square", rho * r.state("mean_square") + (1 - rho) * square(g));
    if (centered) {
        const Value mean = r.next("mean", rho * r.state("mean") + (1 - rho) * g);
        // Rounding can take the difference below 0, where it has no root.
        spread = maximum(spread - square(mean), constant_like(spread, 0));
    }
    const Value root = divisor(spread, epsilon, epsilon_place);
    if (momentum == 0) return r.theta - r.learning_rate * g / root;
    if (form == MomentumForm::pytorch) {
        const Value v = r.next("velocity", momentum * r.state("velocity") + g / root);
        return r.theta - r.learning_rate * v;
    }
    const Value v = r.next("velocity", momentum * r.state("velocity") - r.learning_rate * g / root);
    return r.theta + v;
}

}  // namespace ravine
