#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// A box of another image is put in, and the targets are mixed by the areas (Yun et al. 2019). The box has
/// sides sqrt(1 - lambda) of the image's, rounded down, lambda ~ Beta(alpha, alpha), around a uniformly
/// random pixel; it is clipped at the borders, and lambda is then the share of the image that it leaves.
struct Cutmix : Augmentation {
    double alpha = 1, probability = 1;

    void check(const Dataset& training) const override;
    bool mixes() const override { return true; }
    void apply(const AugmentedExample& example) const override;
};

/// Copies a box of `other`, an image of the same shape, and returns the share of the image that is left of
/// it.
double paste_box(const ImageView& image, const float* other, const Box& box);

}  // namespace ravine
