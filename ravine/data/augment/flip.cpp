#include "ravine/data/augment/flip.hpp"

namespace ravine {

void Flip::check(const Dataset& training) const { require_images("flip", training); }

void Flip::apply(const AugmentedExample& example) const {
    if (example.random.uniform() < probability) mirror(example.image());
}

}  // namespace ravine
