#pragma once

#include "ravine/optim/rates/judged_by.hpp"
#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {

/// The rate that minimises the loss along the step, as its second-order model has it, with derivatives from
/// the graph instead of differences, and in the step that it was computed for. With f(eta) the loss after
/// the step at rate eta,
///
///     at zero:     eta = share * -f'(0) / f''(0)
///     at current:  eta = eta_{t-1} - share * f'(eta_{t-1}) / f''(eta_{t-1})
///
/// where f'(0) is the gradient times the direction. On a quadratic either is the exact minimiser along the
/// step: for gradient descent Cauchy's step, which never climbs and is slow. More than all of it, up to
/// twice, still descends there, and sooner in the end. Of one batch the minimiser is noisy, and without bound
/// where the batch is as good as learned: the default is that of a mean over some ten batches
/// (docs/results/adaptive-rate.md), and wants a schedule that decays:
///
///     memory m: at zero f' and f'' are running means, M <- m M + (1 - m) f, each divided by 1 - m^t;
///     slope=independent: f'(0) of step t is taken from the gradient of the next batch, which knows nothing
///     of
///         direction b_t: g_{t+1}' b_t is the slope at eta_t, and f'(0) = g_{t+1}' b_t - eta_t f''.
///     noise z: where the mean slope is not below 0 by z of its standard errors, what is measured is noise:
///         the rate decays by `decay` instead.
///
///     applied=next: the rate that is found moves the step after: as published the rate lags. With at=current
///         it is the paper's update with derivatives free of rounding noise; on one batch of a quadratic, the
///         step of Barzilai and Borwein (1988).
///
/// Where the slope is not negative or the curvature not positive, there is no minimiser ahead: the last rate
/// is kept. A rate is never below 1 / growth of the last one, nor above growth times it, but for the first.
/// It is always positive. Where clipping bounds a norm, it bounds the length of the step.
struct ExactNewton {
    enum class At { zero, current };
    enum class Second { exact, gauss_newton };
    enum class Slope { own, independent };
    enum class Applied { now, next };
    At at = At::zero;
    Second curvature = Second::gauss_newton;
    double share = 1;
    double memory = 0.9;  ///< of the means at zero
    Slope slope = Slope::own;
    double noise = 0;
    double decay = 0.99;
    double growth = 10;
    Applied applied = Applied::now;
    JudgedBy batch = JudgedBy::training;
};

/// Throws RequestError for settings that contradict each other.
std::unique_ptr<RatePolicy> make_exact_newton(const ExactNewton& settings, double base_rate);

}  // namespace ravine
