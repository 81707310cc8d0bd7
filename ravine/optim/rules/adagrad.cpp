#include "ravine/optim/rules/adagrad.hpp"

namespace ravine {

Value AdaGrad::update(RuleGraph& r) const {
    const Value sum =
        r.next("sum_of_squares", r.state("sum_of_squares", initial_accumulator) + square(r.gradient));
    return r.theta - r.learning_rate * r.gradient / divisor(sum, epsilon, epsilon_place);
}

}  // namespace ravine
