#include "ravine/optim/rules/dog.hpp"

namespace ravine {

Value Dog::update(RuleGraph& r) const {
    const Value start = r.initial_theta(), moved = r.theta - start, g = r.gradient;
    const Value least = initial_step * (1 + sqrt(r.inner("squared_start", start, start)));
    const Value now = sqrt(r.inner("squared_distance", moved, moved));
    const Value distance = r.next("distance", maximum(maximum(r.number("distance"), least), now));
    const Value squares = r.next("squares", r.number("squares") + r.inner("squared_gradient", g, g));
    r.step_size = r.learning_rate * (distance / sqrt(squares + epsilon));
    return r.theta - r.step_size * g;
}

}  // namespace ravine
