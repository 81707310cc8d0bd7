#include "ravine/optim/rules/sgd.hpp"

namespace ravine {

Value Sgd::update(RuleGraph& r) const { return r.theta - r.learning_rate * r.gradient; }

}  // namespace ravine
