#include "ravine/data/augment/translate.hpp"

#include <cmath>

namespace ravine {

void Translate::check(const Dataset& training) const { require_images("translate", training); }

void Translate::apply(const AugmentedExample& example) const {
    const ImageView image = example.image();
    const auto offset = [&](int64_t side) {
        const double most = share * static_cast<double>(side);
        return static_cast<int64_t>(std::llround(example.random.uniform(-most, most)));
    };
    const int64_t down = offset(image.height), right = offset(image.width);
    shift(image, down, right);
}

}  // namespace ravine
