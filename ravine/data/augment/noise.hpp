#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// Gaussian noise on every feature, in units of the deviation of the feature (of an image: of its channel)
/// over the training part: x + deviation sd(x) e, e standard normal. For a linear model it is an L2 penalty
/// (Bishop 1995, Training with noise is equivalent to Tikhonov regularization).
struct Noise : Augmentation {
    double deviation = 0.1;

    void check(const Dataset&) const override {}
    void apply(const AugmentedExample& example) const override;
};

}  // namespace ravine
