#pragma once

#include <vector>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/train/targets/target_evolution.hpp"

namespace ravine {

/// The equilibrium gate (Dabounou 2024, eq. 1): a batch whose loss is at most epsilon takes no backward pass
/// and no update. The loss is that of the batch on the targets of the moment, y(t), without penalties on
/// weights; it must be a divergence, whose minimum is 0.
struct Gate {
    enum class By {
        none,   ///< every batch is trained on
        batch,  ///< the loss of the batch itself decides
        epoch,  ///< the mean loss of the last epoch, on the same targets, decides for the whole next one
    };
    By by = By::none;
    double epsilon = 1e-5;
    bool is_relative = false;  ///< epsilon is a share of the distance by which a stage moves the targets

    bool exists() const { return by != By::none; }
};

/// The gates by name: none, equilibrium.
const Catalog<Gate>& gates();

/// Epsilon in each stage of a plan.
std::vector<double> gate_thresholds(const Gate& gate, const TargetPlan& plan);

}  // namespace ravine
