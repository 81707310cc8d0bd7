#pragma once

#include "ravine/core/values/better.hpp"
#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {

/// Lowers the rate when a metric has stopped improving: after `patience` evaluations in a row that are not
/// better than the best so far by more than a margin, eta <- max(factor eta, minimum), and for `cooldown`
/// evaluations nothing is counted. As Keras's ReduceLROnPlateau, but for its cooldown, which leaves out one
/// evaluation less; PyTorch's waits for one evaluation more.
struct Plateau {
    /// What the threshold is a margin of.
    enum class Threshold {
        absolute,  ///< better by more than `threshold`
        relative,  ///< better by more than `threshold` |best|, whatever the sign of the metric
    };
    std::string monitor = "validation_loss";
    double factor = 0.1;
    int64_t patience = 10, cooldown = 0;
    double minimum = 0;  ///< of the rate; one that begins below it stays
    double threshold = 1e-4;
    Threshold threshold_mode = Threshold::absolute;
};

/// Losses should fall; the metrics that should rise have names that end in "accuracy".
std::unique_ptr<RatePolicy> make_plateau(const Plateau& plateau, double base_rate);

}  // namespace ravine
