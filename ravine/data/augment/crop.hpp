#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// A window of the image's size, placed uniformly at random on the image with `padding` zeros around it: a
/// shift by at most `padding` pixels each way (He, Zhang, Ren and Sun 2016, section 4.2). The zeros are those
/// of the data as loaded, black, as in torchvision.
struct Crop : Augmentation {
    int64_t padding = 4;

    void check(const Dataset& training) const override;
    void apply(const AugmentedExample& example) const override;
};

}  // namespace ravine
