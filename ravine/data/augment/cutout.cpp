#include "ravine/data/augment/cutout.hpp"

#include <algorithm>

namespace ravine {

void fill_box(const ImageView& image, const Box& box, std::span<const double> channels) {
    for (int64_t y = box.y0; y < box.y1; ++y)
        for (int64_t x = box.x0; x < box.x1; ++x)
            for (int64_t c = 0; c < image.channels; ++c)
                image.pixel(y, x)[c] = static_cast<float>(channels[static_cast<size_t>(c)]);
}

void Cutout::check(const Dataset& training) const { require_images("cutout", training); }

void Cutout::apply(const AugmentedExample& example) const {
    const ImageView image = example.image();
    const int64_t side = size > 0 ? size : std::min(image.height, image.width) / 2;
    const auto y = static_cast<int64_t>(example.random.below(static_cast<uint64_t>(image.height)));
    const auto x = static_cast<int64_t>(example.random.below(static_cast<uint64_t>(image.width)));
    fill_box(image, box_around(y, x, side, side, image), example.normalization.mean);
}

}  // namespace ravine
