#pragma once

#include <cstdint>
#include <string>

#include "ravine/core/settings/catalog.hpp"

namespace ravine {

/// When a run ends before its epochs do: early stopping (Prechelt 1998; Goodfellow, Bengio and Courville
/// 2016, algorithm 7.1). A run that looks for its best epoch results in that epoch's weights, whatever ends
/// it.
struct Stopping {
    enum class Kind { none, early };
    Kind kind = Kind::none;
    std::string monitor = "validation_loss";  ///< a metric
    int64_t patience = 10;                    ///< evaluations without an improvement until the run ends
    double min_change = 0;                    ///< an improvement is more than this

    bool exists() const { return kind != Kind::none; }
};

/// The rules by name: none, early.
const Catalog<Stopping>& stoppings();

}  // namespace ravine
