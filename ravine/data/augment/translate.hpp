#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// A shift by whole pixels, uniformly from -share to share of the height and of the width, rounded; zeros
/// come in.
struct Translate : Augmentation {
    double share = 0.1;

    void check(const Dataset& training) const override;
    void apply(const AugmentedExample& example) const override;
};

}  // namespace ravine
