#pragma once

#include "ravine/optim/rates/judged_by.hpp"
#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {

/// A rate that descends its own gradient (Ravaut and Gorti 2018, eq. 5-8). With f(eta) the loss after the
/// step at rate eta,
///
///     theta <- theta(eta_t),  eta_{t+1} = max(eta_t - alpha f'(eta_t), floor),
///
/// and with momentum beta (eq. 20-21, theirs of the second-order rate) d <- beta d - alpha f'(eta_t), eta <-
/// eta + d. alpha has the unit of rate squared over loss: a loss that is twice as large wants half of it.
struct FirstOrderRate {
    /// Where f'(eta_t) comes from.
    enum class Derivative {
        /// direction' g_{t+1}, the gradient of the next step: no pass of its own. On one batch it is f'; on
        /// successive ones an estimate, and one that the batch of the step did not bias.
        successive,
        exact,        ///< on the batch of the step, from the graph
        differences,  ///< (f(eta + epsilon) - f(eta - epsilon)) / (2 epsilon), on the batch of the step
    };
    double alpha = 1e-6;
    Derivative derivative = Derivative::successive;
    double epsilon = 1e-5;
    double momentum = 0;  ///< beta
    double floor = 1e-6;  ///< the rate is never below it
    JudgedBy batch = JudgedBy::training;
};

/// Throws RequestError where successive gradients should be those of validation batches.
std::unique_ptr<RatePolicy> make_first_order_rate(const FirstOrderRate& settings, double base_rate);

}  // namespace ravine
