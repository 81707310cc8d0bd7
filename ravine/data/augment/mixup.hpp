#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// lambda x + (1 - lambda) x', and the targets alike, with another example x' and lambda ~ Beta(alpha, alpha)
/// (Zhang, Cisse, Dauphin and Lopez-Paz 2018).
struct Mixup : Augmentation {
    double alpha = 1;

    void check(const Dataset&) const override {}
    bool mixes() const override { return true; }
    void apply(const AugmentedExample& example) const override;
};

/// a <- lambda a + (1 - lambda) b.
void blend(std::span<float> a, std::span<const float> b, float lambda);

}  // namespace ravine
