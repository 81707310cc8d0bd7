#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// The image enlarged about its centre by a factor uniform in [low, high], linear between pixels; below 1
/// zeros come in.
struct Zoom : Augmentation {
    double low = 0.8, high = 1.2;

    /// Throws RequestError where low > high, too.
    void check(const Dataset& training) const override;
    void apply(const AugmentedExample& example) const override;
};

}  // namespace ravine
