#include "ravine/data/augment/crop.hpp"

namespace ravine {

void Crop::check(const Dataset& training) const { require_images("crop", training); }

void Crop::apply(const AugmentedExample& example) const {
    const auto offset = [&] {
        return static_cast<int64_t>(example.random.below(2 * static_cast<uint64_t>(padding) + 1)) - padding;
    };
    const int64_t down = offset(), right = offset();
    shift(example.image(), down, right);
}

}  // namespace ravine
