#pragma once

#include <optional>

#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {

/// Hypergradient descent (Baydin, Cornish, Martinez Rubio, Schmidt and Wood 2018): the learning rate descends
/// along the derivative of the loss by the rate of the step before, which is an inner product of what is
/// there anyway. With g the gradient at theta_{t-1} and b = d theta_{t-1} / d eta the slope of the step that
/// led there, h = g' b,
///
///     additive:       eta_t = eta_{t-1} - beta h
///     multiplicative: eta_t = eta_{t-1} (1 - beta h / (||g|| ||b||))
///
/// and eta_t is the rate of the step in hand. The first step has no h. With `sgd` it is their SGD-HD
/// (b = -g), with `nesterov:form=pytorch` their SGDN-HD, with `adam` their Adam-HD. b is the rule's own: a
/// velocity that was there before the step is no part of it (`momentum`: b = -g), a tensor's own rate and
/// decoupled decay are, and so is clipping; h takes the gradient itself. A schedule multiplies the outcome,
/// and is no part of b.
struct Hypergradient {
    enum class Form { additive, multiplicative };
    Form form = Form::additive;
    double beta = 1e-3;             ///< multiplicative: the largest change of a step, as a share of the rate
    std::optional<double> start{};  ///< the rate of the first step; none: the rule's own
    /// What the rate may not fall below; none: it may be negative, as in the paper.
    std::optional<double> minimum{};
};

/// Throws RequestError for a multiplicative form that starts at 0, where it would stay.
std::unique_ptr<RatePolicy> make_hypergradient(const Hypergradient& settings, double base_rate);

}  // namespace ravine
