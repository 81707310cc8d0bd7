#include "ravine/optim/rules/adam.hpp"

#include <cmath>

namespace ravine {

Value Adam::update(RuleGraph& r) const {
    const Value m = r.next("m", beta1 * r.state("m") + (1 - beta1) * r.gradient);
    const Value v = r.next("v", beta2 * r.state("v") + (1 - beta2) * square(r.gradient));
    if (!bias_correction) return r.theta - r.learning_rate * m / (sqrt(v) + epsilon);
    // m_hat = m / (1 - beta1^t): the division moves into the rate, v_hat's into a factor of v.
    const auto correction = [](double beta) {
        return [beta](int64_t t) { return 1 / (1 - std::pow(beta, t)); };
    };
    const Value rate = r.learning_rate * r.scalar("correction1", correction(beta1));
    return r.theta - rate * m / (sqrt(r.scalar("correction2", correction(beta2)) * v) + epsilon);
}

}  // namespace ravine
