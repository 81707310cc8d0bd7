#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ravine/optim/rates/schedule.hpp"

namespace ravine {

// k is the update, 0 for the first; every schedule that does not rise at first begins at 1. Where a number of
// updates is 0 it follows the length of the run, of T updates k = 0, ..., T - 1: the last update has the last
// multiplier. A run of a single update has the first. "Robbins-Monro" are the conditions under which
// stochastic gradient descent converges (Robbins and Monro 1951): the rates' sum is infinite and the sum of
// their squares finite. They are about endless runs. Where a number of updates is given, another schedule may
// follow after it.

/// 1.
struct ConstantSchedule {
    int64_t steps = 0;  ///< after which another schedule may follow; 0: it has no end

    std::optional<int64_t> length() const;
    double operator()(int64_t step, RunLength run) const;
};

/// From 1 straight down to `end` at update `steps`, then constant (Goodfellow, Bengio and Courville 2016, eq.
/// 8.14): (1 - a) + a end with a = min(1, k / steps).
struct LinearSchedule {
    double end = 0.01;
    int64_t steps = 0;  ///< 0: T - 1, the whole run

    std::optional<int64_t> length() const;
    double operator()(int64_t step, RunLength run) const;
};

/// end + (1 - end) (1 - min(1, k / steps))^power.
struct PolynomialSchedule {
    double power = 2;
    double end = 0;
    int64_t steps = 0;  ///< 0: T - 1, the whole run

    std::optional<int64_t> length() const;
    double operator()(int64_t step, RunLength run) const;
};

/// beta / (beta + k): eta / (beta + t) scaled to begin at 1. Keras's 1 / (1 + decay k) is beta = 1 / decay.
struct InverseTimeSchedule {
    double beta = 1000;

    double operator()(int64_t step, RunLength run) const;
};

/// factor^floor(k / every).
struct StepSchedule {
    double factor = 0.1;
    int64_t every = 0;  ///< 0: T / 3, a third of the run, which need not be a whole number

    double operator()(int64_t step, RunLength run) const;
};

/// factor^(k / every).
struct ExponentialSchedule {
    double factor = 0.1;
    int64_t every = 0;  ///< 0: (T - 1) / 3, so that the run ends at factor^3

    double operator()(int64_t step, RunLength run) const;
};

/// end + (1 - end) (1 + cos(pi min(1, k / steps))) / 2 (Loshchilov and Hutter 2017, eq. 5, without restarts).
struct CosineSchedule {
    double end = 0;
    int64_t steps = 0;  ///< 0: T - 1, the whole run

    std::optional<int64_t> length() const;
    double operator()(int64_t step, RunLength run) const;
};

/// start + (1 - start) min(1, (k + 1) / (steps + 1)) (Goyal et al. 2017, section 2.2): with start = 0 the
/// first update has the rate 1 / (steps + 1), and update `steps` is the first with the full rate.
struct WarmupSchedule {
    int64_t steps = 500;
    double start = 0;

    std::optional<int64_t> length() const { return steps; }
    double operator()(int64_t step, RunLength run) const;
};

/// Up and down in straight lines between `low` and 1 (Smith 2017, figure 2): with x = k / half,
/// c = floor(x / 2) cycles behind it and the height h = 1 - |x - 2 c - 1|, low + (1 - low) h d. d is 1; or
/// 2^-c, his `triangular2`; or gamma^k, his `exp_range`.
struct CyclicalSchedule {
    enum class Decay { none, halve, exponential };
    double low = 0.25;  ///< his rule of thumb: a third or a fourth of the highest rate (section 3.3)
    int64_t steps = 0;  ///< half, the updates of half a cycle; 0: `epochs` times those of an epoch
    double epochs = 2;  ///< his advice: 2 to 10 (section 3.2)
    Decay decay = Decay::none;
    double gamma = 0.9999;

    double operator()(int64_t step, RunLength run) const;
};

/// Down along half a cosine wave, again and again (Loshchilov and Hutter 2017, eq. 5): restart i is followed
/// by a period of T_i = period multiplier^i, and t after it the multiplier is
/// minimum + (1 - minimum) (1 + cos(pi t / T_i)) / 2, with t in fractions of an epoch.
struct SgdrSchedule {
    enum class Unit { epochs, steps };
    int64_t period = 10;
    int64_t multiplier = 2;
    Unit unit = Unit::epochs;
    double minimum = 0;

    double operator()(int64_t step, RunLength run) const;
};

/// One schedule after another: each begins, as in a run of its own, where the one before it ends, and the
/// last has what is left of the run. All but the last must have a length.
Schedule in_turn(std::vector<Schedule> parts);

/// `then`, begun after `steps` updates of warm-up from 0 and within what is left of the run. Where nothing is
/// left the run ends while the rate still rises.
Schedule after_warmup(int64_t steps, Schedule then);

/// What a person should know of a schedule whose warm-up, or whose parts before the last, are no shorter than
/// a run; empty where they are.
std::string schedule_note(const Schedule& schedule, RunLength run);

}  // namespace ravine
