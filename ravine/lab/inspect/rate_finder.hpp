#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "ravine/lab/run/run.hpp"
#include "ravine/train/training/rate_suggestion.hpp"

namespace ravine {

/// A learning-rate range test of an experiment, and what it suggests.
struct RateFinding {
    std::string title;  ///< "mlp:hidden=100 on mnist with adam"
    RateSweep sweep;
    RateSuggestion suggestion;
};

/// Sweeps the rate of the experiment's optimizer from its initial weights. What would decide the rate or the
/// batches beside the sweep (rate, schedule, gate, targets, annealing, curriculum) and what belongs to longer
/// runs (averages, early stopping) is left out; `say` hears of what was asked for, and of the data. Throws
/// RequestError for bad settings before any data are looked at.
RateFinding find_rate(Experiment experiment, const RateSweepOptions& options, const Say& say,
                      const std::function<void(double share)>& progress = {});

/// At most `most` rows of the sweep, evenly spaced, the last one always; the lowest and the suggested rate
/// are named.
std::string rate_table(const RateFinding& finding, size_t most = 25);

/// "exploded at 1.2": how the sweep ended.
std::string end_of_sweep(const RateSweep& sweep);

/// rate,loss,smoothed: a row an update, with empty cells for what is not finite.
std::string rate_csv(const RateSweep& sweep);

/// All of it; null for what is not finite and for what there is not.
nlohmann::ordered_json rate_json(const RateFinding& finding);

/// Loss and smoothed loss over the rate, which is on a logarithmic axis, with the suggestion, the rate at
/// which the loss begins to rise, and where it exploded. Throws as write_chart() does.
void draw_rates(const std::filesystem::path& path, const RateFinding& finding);

}  // namespace ravine
