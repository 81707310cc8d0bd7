#include "ravine/data/augment/mixup.hpp"

#include "ravine/data/augment/draws.hpp"

namespace ravine {

void blend(std::span<float> a, std::span<const float> b, float lambda) {
    for (size_t i = 0; i < a.size(); ++i) a[i] = lambda * a[i] + (1 - lambda) * b[i];
}

void Mixup::apply(const AugmentedExample& example) const {
    const auto lambda = static_cast<float>(draw_beta(alpha, alpha, example.random));
    blend(example.features, example.other_features, lambda);
    blend(example.targets, example.other_targets, lambda);
}

}  // namespace ravine
