#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/core/values/saved_state.hpp"
#include "ravine/optim/objective/objective.hpp"

namespace ravine {

/// A rule's step as a function of its rate, theta(eta), at one point with one gradient and one state. Nothing
/// of it is committed: rules advance their state once, with the rate that is decided on.
class StepCurve {
public:
    virtual ~StepCurve() = default;
    /// theta(eta). What it refers to holds until the next call.
    virtual const Parameters& point(double eta) = 0;
    /// d theta / d eta at eta, with the layout of the parameters; 0 where a tensor is frozen.
    virtual const Vector& slope(double eta) = 0;
};

/// What a policy may look at before it decides the rate of an update.
struct RateQuestion {
    int64_t update;          ///< 1 for the first
    double loss;             ///< where the gradient was evaluated
    Objective& objective;    ///< bound to the sample of the step
    const Parameters& at;    ///< the parameters before the update
    const Vector& gradient;  ///< before clipping
    StepCurve& curve;
};

/// Decides the learning rate eta of every update, which a schedule then multiplies.
class RatePolicy {
public:
    virtual ~RatePolicy() = default;
    virtual double rate(const RateQuestion& question) = 0;
    /// The measure of an evaluation that hear() wants: "validation_loss"; empty: none.
    virtual std::string monitor() const { return {}; }
    virtual void hear(double /*measured*/) {}
    virtual SavedState state() { return {}; }
};

/// Makes the policy of one optimizer, whose rule has this rate of its own. An empty one stands for a constant
/// rate.
using RatePolicyMaker = std::function<std::unique_ptr<RatePolicy>(double base_rate)>;

/// The policies by name.
const Catalog<RatePolicyMaker>& rate_policies();

}  // namespace ravine
