#pragma once

#include <string>

#include "ravine/optim/rates/schedule.hpp"

namespace ravine {

// k is the update, 0 for the first; every schedule begins at 1. Where a number of updates is 0 it follows the
// length of the run, of T updates k = 0, ..., T - 1: the last update has the last multiplier. A run of a
// single update has the first. "Robbins-Monro" are the conditions under which stochastic gradient descent
// converges (Robbins and Monro 1951): the rates' sum is infinite and the sum of their squares finite. They
// are about endless runs.

/// 1.
struct ConstantSchedule {
    double operator()(int64_t step, int64_t total) const;
};

/// From 1 straight down to `end` at update `steps`, then constant (Goodfellow, Bengio and Courville 2016, eq.
/// 8.14): (1 - a) + a end with a = min(1, k / steps).
struct LinearSchedule {
    double end = 0.01;
    int64_t steps = 0;  ///< 0: T - 1, the whole run

    double operator()(int64_t step, int64_t total) const;
};

/// end + (1 - end) (1 - min(1, k / steps))^power.
struct PolynomialSchedule {
    double power = 2;
    double end = 0;
    int64_t steps = 0;  ///< 0: T - 1, the whole run

    double operator()(int64_t step, int64_t total) const;
};

/// beta / (beta + k): eta / (beta + t) scaled to begin at 1. Keras's 1 / (1 + decay k) is beta = 1 / decay.
struct InverseTimeSchedule {
    double beta = 1000;

    double operator()(int64_t step, int64_t total) const;
};

/// factor^floor(k / every).
struct StepSchedule {
    double factor = 0.1;
    int64_t every = 0;  ///< 0: T / 3, a third of the run, which need not be a whole number

    double operator()(int64_t step, int64_t total) const;
};

/// factor^(k / every).
struct ExponentialSchedule {
    double factor = 0.1;
    int64_t every = 0;  ///< 0: (T - 1) / 3, so that the run ends at factor^3

    double operator()(int64_t step, int64_t total) const;
};

/// end + (1 - end) (1 + cos(pi min(1, k / steps))) / 2 (Loshchilov and Hutter 2017, eq. 5, without restarts).
struct CosineSchedule {
    double end = 0;
    int64_t steps = 0;  ///< 0: T - 1, the whole run

    double operator()(int64_t step, int64_t total) const;
};

/// start + (1 - start) min(1, (k + 1) / (steps + 1)) (Goyal et al. 2017, section 2.2): with start = 0 the
/// first update has the rate 1 / (steps + 1), and update `steps` is the first with the full rate.
struct WarmupSchedule {
    int64_t steps = 500;
    double start = 0;

    double operator()(int64_t step, int64_t total) const;
};

/// `then`, begun after `steps` updates of warm-up from 0 and within what is left of the run. Where nothing is
/// left the run ends while the rate still rises.
Schedule after_warmup(int64_t steps, Schedule then);

/// What a person should know of a schedule whose warm-up is no shorter than a run of `total` updates; empty
/// where it is shorter.
std::string warmup_note(const Schedule& schedule, int64_t total);

}  // namespace ravine
