#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// Left and right exchanged, with a probability.
struct Flip : Augmentation {
    double probability = 0.5;

    void check(const Dataset& training) const override;
    void apply(const AugmentedExample& example) const override;
};

}  // namespace ravine
