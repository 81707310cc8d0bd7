#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ravine/train/training/training.hpp"

namespace ravine {

/// The learning-rate range test (Smith 2017, section 3.3): one pass of updates whose rate grows, to see from
/// which rate on the loss falls, and where it explodes. Exponentially growing rates, the smoothed loss with
/// its correction and the multiple of the best at which it ends are those of fastai's lr_find (Howard and
/// Gugger 2020) and of PyTorch Lightning's lr_find; both smooth by 0.98 over 100 updates, which moves what
/// the curve shows by decades to the right.
struct RateSweepOptions {
    double from = 1e-7, to = 10;  ///< the rate of the first update, and of the last
    int64_t steps = 200;          ///< updates
    double smoothing = 0.9;       ///< of the loss, beta: about 1 / (1 - beta) losses count
    /// The sweep ends where the smoothed loss has risen from its lowest by this multiple less one, and above
    /// where it began: at 4 times the lowest.
    double explosion = 4;
};

/// One update of a sweep.
struct SweptRate {
    double rate;
    double loss;      ///< that its batch found before it, as Lightning and fastai count
    double smoothed;  ///< s_k / (1 - beta^k) with s_k = beta s_(k-1) + (1 - beta) loss; NaN from the first
                      ///< loss on that is not finite
};

/// Why a sweep ended.
enum class SweepEnd {
    swept,       ///< all rates were tried
    exploded,    ///< the smoothed loss
    not_finite,  ///< the loss or the gradient of the last row
    interrupted,
};

struct RateSweep {
    std::vector<SweptRate> rows;
    SweepEnd end = SweepEnd::swept;
};

/// Throws RequestError("WHAT ...") for settings that make no sweep: a rate that is not a positive number,
/// from >= to, fewer than 10 steps, a smoothing outside [0, 1), an explosion of at most 1.
void check_rate_sweep(const RateSweepOptions& options);

/// Sweeps the rates from the weights and buffers of a training, on the first batches that a run of its seed
/// has, with its optimizer beginning anew. All that is written to are copies: the training stands as before,
/// to the bit, and a run of it is the run without the sweep. Schedule, rate policy, gate, curriculum and
/// averages of the training take no part; evolving targets are at their end, the temperature is 1.
/// `progress` hears of the share that is done. Ctrl-C ends the sweep with the rows that it has. Usage:
///
///     const RateSweep sweep = sweep_rates(training, {.from = 1e-6, .to = 1});
///     const RateSuggestion suggestion = suggest_rate(sweep);
RateSweep sweep_rates(const Training& training, const RateSweepOptions& options,
                      const std::function<void(double share)>& progress = {});

}  // namespace ravine
