#include "ravine/optim/rules/momentum.hpp"

namespace ravine {

Value Momentum::update(RuleGraph& r) const {
    const Value mu = r.scalar("momentum", schedule());
    if (form == MomentumForm::pytorch) {
        const Value v = r.next("velocity", mu * r.state("velocity") + r.gradient);
        return r.theta - r.learning_rate * v;
    }
    const Value v = r.next("velocity", mu * r.state("velocity") - r.learning_rate * r.gradient);
    return r.theta + v;
}

}  // namespace ravine
