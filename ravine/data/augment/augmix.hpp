#pragma once

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// AugMix (Hendrycks et al. 2020, algorithm 1): `width` chains of `depth` random operations each on the
/// image, averaged by weights from Dirichlet(alpha), and that mixed with the image by m ~ Beta(alpha, alpha).
/// With its consistency loss an update sees the image and two such mixtures: see nn/consistency.hpp.
struct Augmix : Augmentation {
    int64_t width = 3;
    int64_t depth = 0;  ///< of each chain; 0: 1, 2 or 3 at random
    double severity = 3, alpha = 1, weight = 12;

    /// Throws RequestError for numbers outside [0, 1] too.
    void check(const Dataset& training) const override;
    double consistency_weight() const override { return weight; }
    void apply(const AugmentedExample& example) const override;

    static constexpr int64_t most_chains = 16;
};

}  // namespace ravine
