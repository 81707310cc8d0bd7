#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// A rotation about the centre by an angle uniform in [-degrees, degrees], linear between pixels; zeros come
/// in.
struct Rotate : Augmentation {
    double degrees = 15;

    void check(const Dataset& training) const override;
    void apply(const AugmentedExample& example) const override;
};

}  // namespace ravine
