#include "ravine/optim/rules/prodigy.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ravine {

Value Prodigy::update(RuleGraph& r) const {
    const double beta3 = std::sqrt(beta2);
    const Value g = r.gradient, s = r.state("s"), numerator = r.number("numerator");
    // What the step before has left; nothing where it has not moved s.
    const Value norm = r.inner("norm_of_s", s, sign(s));
    const Value estimate = select(norm, d_coefficient * numerator / norm, constant_like(norm, 0));
    const Value d = r.next("d", maximum(r.number("d", initial_d), estimate));

    const Value m = r.next("m", beta1 * r.state("m") + ((1 - beta1) * d) * g);
    const Value v = r.next("v", beta2 * r.state("v") + (1 - beta2) * square(d * g));
    const Value weight = (1 - beta3) * r.learning_rate * square(d);
    r.next("numerator", beta3 * numerator + weight * r.inner("descent", g, r.initial_theta() - r.theta));
    r.next("s", beta3 * s + weight * g);
    r.step_size = r.learning_rate * d;
    return r.theta - r.step_size * m / (sqrt(v) + d * epsilon);
}

std::string Prodigy::concern(int64_t updates, const NumberOf& number) const {
    constexpr int64_t patience = 50;  // where it grows at all, tens of updates are enough
    if (updates < patience || number("d") > initial_d) return {};
    return fmt::format(
        "prodigy: after {} updates d is still {:g}, where it began: nothing is learned; expected it to grow "
        "within {}; try initial_d={:g}",
        updates, initial_d, patience, 100 * initial_d);
}

}  // namespace ravine
