#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/core/values/saved_state.hpp"
#include "ravine/exec/plan/program.hpp"
#include "ravine/optim/objective/objective.hpp"

namespace ravine {

/// A rule's step as a function of its rate, theta(eta), at one point with one gradient and one state. Nothing
/// of it is committed: rules advance their state once, with the rate that is decided on.
///
/// What a step is worth is judged along start() + eta direction(). That is theta(eta) itself, but for rules
/// that store another point than they are defined by: Nesterov's rewritten form keeps the point of the next
/// gradient, and is judged, like its other form, at x - eta g with x the point of this one.
class StepCurve {
public:
    virtual ~StepCurve() = default;
    /// theta(eta). What it refers to holds until the next call.
    virtual const Parameters& point(double eta) = 0;
    /// d theta / d eta at eta, with the layout of the parameters; 0 where a tensor is frozen.
    virtual const Vector& slope(double eta) = 0;

    /// Where the step is judged at a rate of 0: for most rules where the gradient was evaluated.
    virtual const Parameters& start() = 0;
    /// The derivative by eta of where it is judged.
    virtual const Vector& direction() = 0;
    /// F and its derivatives by eta at start() + eta direction().
    virtual Along along(Objective& objective, double eta, Curvature wanted) = 0;
    /// F there, for several rates.
    virtual void values(Objective& objective, std::span<const double> rates, std::span<double> values) = 0;
};

/// What a policy may look at before it decides the rate of an update.
struct RateQuestion {
    int64_t update;          ///< 1 for the first
    double loss;             ///< where the gradient was evaluated
    double last_rate;        ///< of the update before as it was taken: scheduled and clipped; 0 for the first
    Objective& objective;    ///< bound to the sample of the step
    Objective& judge;        ///< that the rate is to be judged by: a validation batch, or `objective`
    const Parameters& at;    ///< the parameters before the update
    const Vector& gradient;  ///< before clipping
    StepCurve& curve;
};

/// Something that a policy had to do now and then: "the floor", 3 times.
struct RateCount {
    std::string name;  ///< "floored"
    std::string what;  ///< "the rate was raised to the floor"
    int64_t count;
};

/// "3 times the rate was raised to the floor; once ...": those that are not 0, in plain words; empty where
/// all are.
std::string in_words(const std::vector<RateCount>& counts);

/// Decides the learning rate eta of every update, which a schedule then multiplies.
class RatePolicy {
public:
    virtual ~RatePolicy() = default;
    /// Called once before anything else, with the number of parameters of the optimizer: what keeps vectors
    /// makes room for them here.
    virtual void begin(int64_t /*size*/, CompileOptions) {}
    virtual double rate(const RateQuestion& question) = 0;
    /// What it asks for along each step, on the sample of the step, that is the sooner computed from what the
    /// gradient left behind.
    enum class Look {
        nothing,
        gauss_newton,  ///< along() at a rate of 0, with Curvature::gauss_newton
        exact,         ///< the same with Curvature::exact
        five_losses,   ///< values() at five rates
    };
    virtual Look expects() const { return Look::nothing; }
    /// Whether it finds a rate for the direction as it is, long or short. Clipping by a norm then bounds the
    /// length of the step, |eta direction|, instead of the gradient's.
    virtual bool is_learned() const { return false; }
    /// Whether it judges by a random validation batch.
    virtual bool judges_by_validation() const { return false; }
    /// The measure of an evaluation that hear() wants: "validation_loss"; empty: none.
    virtual std::string monitor() const { return {}; }
    virtual void hear(double /*measured*/) {}
    /// How often what happened, so far.
    virtual std::vector<RateCount> counts() const { return {}; }
    virtual SavedState state() { return {}; }
};

/// Makes the policy of one optimizer, whose rule has this rate of its own. An empty one stands for a constant
/// rate.
using RatePolicyMaker = std::function<std::unique_ptr<RatePolicy>(double base_rate)>;

/// The policies by name.
const Catalog<RatePolicyMaker>& rate_policies();

}  // namespace ravine
