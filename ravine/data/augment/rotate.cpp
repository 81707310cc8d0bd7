#include "ravine/data/augment/rotate.hpp"

namespace ravine {

void Rotate::check(const Dataset& training) const { require_images("rotate", training); }

void Rotate::apply(const AugmentedExample& example) const {
    warp(example.image(), Affine::rotation(example.random.uniform(-degrees, degrees)),
         example.scratch.data());
}

}  // namespace ravine
