#include "ravine/optim/rules/adam.hpp"

#include <cmath>

namespace ravine {

Value Adam::update(RuleGraph& r) const {
    const Value m = r.next("m", beta1 * r.state("m") + (1 - beta1) * r.gradient);
    const Value v = r.next("v", beta2 * r.state("v") + (1 - beta2) * square(r.gradient));
    if (!bias_correction) return r.theta - r.learning_rate * m / (sqrt(v) + epsilon);
    // m_hat = m / (1 - beta1^t): the division moves into the rate, v_hat's into a factor of v.
    const Value rate = r.scalar("corrected_rate", [b = beta1](const UpdateStep& step) {
        return step.learning_rate / (1 - std::pow(b, step.number));
    });
    const Value correction = r.scalar(
        "correction2", [b = beta2](const UpdateStep& step) { return 1 / (1 - std::pow(b, step.number)); });
    return r.theta - rate * m / (sqrt(correction * v) + epsilon);
}

}  // namespace ravine
