#pragma once

#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// Gradient descent: theta <- theta - lr g. Full batch, minibatch or online is the sampler's choice
/// (Robbins and Monro 1951).
struct Sgd {
    double learning_rate = 0.01;

    Value update(RuleGraph& r) const;
};

}  // namespace ravine
