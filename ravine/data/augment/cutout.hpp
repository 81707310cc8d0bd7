#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// A square around a uniformly random pixel, clipped at the borders, becomes the mean of the training part
/// (DeVries and Taylor 2017, who put zeros into normalised images: 16 of CIFAR-10's 32 pixels).
struct Cutout : Augmentation {
    int64_t size = 0;  ///< pixels a side; 0: half of the shorter side of the image

    void check(const Dataset& training) const override;
    void apply(const AugmentedExample& example) const override;
};

/// Fills a box of an image with a number for each channel.
void fill_box(const ImageView& image, const Box& box, std::span<const double> channels);

}  // namespace ravine
