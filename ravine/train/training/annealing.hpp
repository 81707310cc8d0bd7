#pragma once

#include <cstdint>

#include "ravine/core/settings/catalog.hpp"

namespace ravine {

/// A training loss whose shape changes over the run: that of the outputs z / T, with the temperature T going
/// from `start` to `end`. High temperatures make the predicted distribution of the same logits flatter
/// (Hinton, Vinyals and Dean 2015, eq. 1); that a temperature is lowered while a cost is minimised is
/// deterministic annealing (Rose 1998). The gradient in z is 1/T of that at z / T, and no factor T^2 makes up
/// for it. Evaluations always see T = 1.
struct Annealing {
    enum class Shape {
        none,         ///< there is no temperature
        linear,       ///< T = start + (end - start) u
        exponential,  ///< T = start^(1 - u) end^u
    };
    Shape shape = Shape::none;
    double start = 5, end = 1;
    double share = 0.5;  ///< of the run's batches until T = end

    bool exists() const { return shape != Shape::none; }

    /// T for batch `step` (0 for the first) of `total`: with u = min(1, step / (share (total - 1))), as
    /// `shape` says; `end` where there is a single batch. 1 without a temperature.
    double temperature(int64_t step, int64_t total) const;
};

/// The kinds of annealing by name: none, temperature.
const Catalog<Annealing>& annealings();

}  // namespace ravine
