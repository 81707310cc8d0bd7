#include "ravine/optim/rules/adadelta.hpp"

namespace ravine {

Value Adadelta::update(RuleGraph& r) const {
    const Value g = r.gradient, steps = r.state("mean_square_step");
    const Value mean_square = r.next("mean_square", rho * r.state("mean_square") + (1 - rho) * square(g));
    const Value d = sqrt(steps + epsilon) / sqrt(mean_square + epsilon) * g;
    r.next("mean_square_step", rho * steps + (1 - rho) * square(d));
    return r.theta - r.learning_rate * d;
}

}  // namespace ravine
