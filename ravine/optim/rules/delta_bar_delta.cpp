#include "ravine/optim/rules/delta_bar_delta.hpp"

namespace ravine {

Value DeltaBarDelta::update(RuleGraph& r) const {
    const Value g = r.gradient, mean = r.state("mean"), old_rate = r.state("rate", learning_rate);
    const Value agreement = mean * g, zero = constant_like(agreement, 0);
    const Value rate =
        r.next("rate", select(greater(agreement, zero), old_rate + kappa,
                              select(greater(zero, agreement), (1 - phi) * old_rate, old_rate)));
    r.next("mean", theta * mean + (1 - theta) * g);
    const Value multiplier = r.learning_rate / learning_rate;
    return r.theta - multiplier * rate * g;
}

}  // namespace ravine
