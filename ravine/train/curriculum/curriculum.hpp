#pragma once

#include <cstdint>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/data/sampler.hpp"

namespace ravine {

/// Training from easy examples to all (Bengio, Louradour, Collobert and Weston 2009). How hard an example is
/// tells the loss of a first model on it: the same network, trained for `first_epochs` epochs.
struct Curriculum {
    enum class Kind {
        none,           ///< all examples alike from the beginning
        weighted,       ///< hard examples weigh less in the loss at first
        stochastic,     ///< a part of the draws is from the easy examples, the others are from all
        deterministic,  ///< all draws are from the easy examples
    };
    Kind kind = Kind::none;
    int64_t first_epochs = 3;
    double initial = 0.3;  ///< share of the examples that are easy in the first epoch
    double share = 0.5;    ///< of the epochs until all are
    double mix = 0.8;      ///< stochastic: share of the draws that are from the easy ones in the first epoch

    bool exists() const { return kind != Kind::none; }
};

/// The curricula by name: none, weighted, stochastic, deterministic.
const Catalog<Curriculum>& curricula();

/// Where a curriculum stands in an epoch.
struct Pace {
    double easy = 1;  ///< lambda: share of the examples that are easy
    double mix = 0;   ///< p: share of a stochastic curriculum's draws that are from these
};

/// The pace of `epoch` (0 for the first) of `epochs`: with u = min(1, epoch / (share (epochs - 1))), 1 where
/// there is a single epoch,
///
///     lambda = initial + (1 - initial) u,    p = mix (1 - u)
///
/// so that the last epoch is always plain training.
Pace pace_of(const Curriculum& curriculum, int64_t epoch, int64_t epochs);

/// Throws RequestError for a curriculum that makes no sense with the order of the examples or the number of
/// epochs: one that draws examples, of draws with replacement; one of a single epoch.
void check_curriculum(const Curriculum& curriculum, Sampling sampling, int64_t epochs);

}  // namespace ravine
