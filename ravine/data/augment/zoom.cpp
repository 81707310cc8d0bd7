#include "ravine/data/augment/zoom.hpp"

#include "ravine/core/error.hpp"

namespace ravine {

void Zoom::check(const Dataset& training) const {
    require_images("zoom", training);
    if (low > high) fail_request("zoom:low: expected at most high, {}, found {}", high, low);
}

void Zoom::apply(const AugmentedExample& example) const {
    warp(example.image(), Affine::zoom(example.random.uniform(low, high)), example.scratch.data());
}

}  // namespace ravine
