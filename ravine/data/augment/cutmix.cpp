#include "ravine/data/augment/cutmix.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/data/augment/draws.hpp"
#include "ravine/data/augment/mixup.hpp"

namespace ravine {

double paste_box(const ImageView& image, const float* other, const Box& box) {
    const int64_t count = (box.x1 - box.x0) * image.channels;
    for (int64_t y = box.y0; y < box.y1; ++y)
        std::copy_n(other + y * image.row_size() + box.x0 * image.channels, count, image.pixel(y, box.x0));
    return 1 - static_cast<double>(box.area()) / static_cast<double>(image.height * image.width);
}

void Cutmix::check(const Dataset& training) const { require_images("cutmix", training); }

void Cutmix::apply(const AugmentedExample& example) const {
    if (example.random.uniform() >= probability) return;
    const ImageView image = example.image();
    const double lambda = draw_beta(alpha, alpha, example.random), side = std::sqrt(1 - lambda);
    const auto y = static_cast<int64_t>(example.random.below(static_cast<uint64_t>(image.height)));
    const auto x = static_cast<int64_t>(example.random.below(static_cast<uint64_t>(image.width)));
    const Box box = box_around(y, x, static_cast<int64_t>(static_cast<double>(image.height) * side),
                               static_cast<int64_t>(static_cast<double>(image.width) * side), image);
    const double left = paste_box(image, example.other_features.data(), box);
    blend(example.targets, example.other_targets, static_cast<float>(left));
}

}  // namespace ravine
