#pragma once

#include "ravine/optim/rates/judged_by.hpp"
#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {

/// A rate that Newton's method moves, from five losses (Ravaut and Gorti 2018, eq. 9-19). With f(eta) the
/// loss after the step at rate eta, e = epsilon and eta = eta_t, in their order of operations:
///
///     probe f(eta + e), f(eta - e), f(eta + 2e), f(eta - 2e), f(eta);  theta <- theta(eta);
///     n = f(eta + e) - f(eta - e),  c = f(eta + 2e) + f(eta - 2e) - 2 f(eta);
///     where |c| <= near_zero:  c <- c + delta;
///     eta_{t+1} = max(eta - 2 e n / c, floor),
///
/// or with momentum beta (eq. 20-21) d <- beta d - 2 e n / c, eta_{t+1} = max(eta + d, floor). The new rate
/// is that of the *next* step: it lags. c is 4 e^2 f''(eta), about 1e-10 for their e: in float32 it is
/// rounding noise, and it may be negative, where Newton's method climbs.
struct FiveLosses {
    double epsilon = 1e-5;
    double near_zero = 1e-12;  ///< of c
    double delta = 1e-6;
    double floor = 1e-6;
    double momentum = 0;  ///< beta
    JudgedBy batch = JudgedBy::training;
};

std::unique_ptr<RatePolicy> make_five_losses(const FiveLosses& settings, double base_rate);

}  // namespace ravine
