#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ravine/optim/rules/first_order.hpp"

namespace ravine::test {

/// sum_i a_i/2 (x_i - c_i)^2 in plain code: an objective that owes nothing to graphs.
class Bowl : public Objective {
public:
    Bowl(std::vector<double> a, std::vector<double> c, Precision precision)
        : a_(std::move(a)), c_(std::move(c)), precision_(precision) {}

    double slope(size_t i, double x) const { return a_[i] * (x - c_[i]); }

    int64_t dimension() const override { return static_cast<int64_t>(a_.size()); }
    Precision precision() const override { return precision_; }
    double value(const Parameters& at) override {
        double total = 0;
        for (size_t i = 0; i < a_.size(); ++i)
            total += a_[i] / 2 * std::pow(at.values().at(static_cast<int64_t>(i)) - c_[i], 2);
        return total;
    }
    double value_and_gradient(const Parameters& at, Vector& gradient) override {
        evaluated_at = at.values().to_doubles();
        for (size_t i = 0; i < a_.size(); ++i) {
            const auto k = static_cast<int64_t>(i);
            gradient.set(k, slope(i, at.values().at(k)) * gradient_scale);
        }
        return value(at);
    }
    void hessian_vector(const Parameters&, const Vector&, Vector&) override { FAIL(); }
    void gauss_newton_vector(const Parameters&, const Vector&, Vector&) override { FAIL(); }
    /// Its Gauss-Newton matrix is its Hessian.
    Along along(const Parameters& at, const Vector& direction, double step,
                Curvature = Curvature::both) override {
        Along result{0, 0, 0, 0};
        for (size_t i = 0; i < a_.size(); ++i) {
            const auto k = static_cast<int64_t>(i);
            const double d = direction.at(k), x = at.values().at(k) + step * d;
            result.value += a_[i] / 2 * std::pow(x - c_[i], 2);
            result.slope += slope(i, x) * d;
            result.curvature += a_[i] * d * d;
        }
        result.gauss_newton = result.curvature;
        return result;
    }
    void values_along(const Parameters& at, const Vector& direction, std::span<const double> steps,
                      std::span<double> values) override {
        for (size_t i = 0; i < steps.size(); ++i) values[i] = along(at, direction, steps[i]).value;
    }

    double gradient_scale = 1;         ///< to make a gradient that is not finite beside a loss that is
    std::vector<double> evaluated_at;  ///< where the last gradient was asked for

private:
    std::vector<double> a_, c_;
    Precision precision_;
};

/// A weight matrix and a bias: seven numbers in two tensors, of which the first decays.
inline std::shared_ptr<ParameterLayout> two_tensors() {
    auto layout = std::make_shared<ParameterLayout>();
    layout->add({.name = "weight", .shape = {2, 2}});
    layout->add({.name = "bias", .shape = {3}, .decays = false});
    return layout;
}

inline std::vector<double> start() { return {1.5, -0.75, 0.25, 2, -1, 0.5, 0.125}; }

inline Bowl bowl(Precision precision) {
    return {{1, 3, 0.5, 2, 0.1, 10, 1.25}, {0, 0.5, -1, 0.25, 3, 0.375, 0}, precision};
}

/// Rates that change from step to step: what tells conventions apart.
inline double uneven(int64_t step, RunLength) {
    constexpr double multipliers[] = {1, 0.5, 2, 0.25, 1.5, 0.75, 3, 1};
    return multipliers[step % 8];
}

/// As saving and restoring do it.
inline void copy_state(const SavedState& from, const SavedState& to) {
    const auto copy = [](const auto& of, const auto& into, auto assign) {
        ASSERT_EQ(of.size(), into.size());
        for (size_t i = 0; i < of.size(); ++i) {
            EXPECT_EQ(of[i].name, into[i].name);
            assign(of[i], into[i]);
        }
    };
    const auto assign = [](const auto& of, const auto& into) { *into.value = *of.value; };
    copy(from.tensors, to.tensors, [](const auto& of, const auto& into) { into.values->assign(*of.values); });
    copy(from.numbers, to.numbers, assign);
    copy(from.counters, to.counters, assign);
}

inline Parameters parameters_at(std::shared_ptr<const ParameterLayout> layout, const std::vector<double>& x,
                                Precision precision) {
    Parameters parameters(std::move(layout), precision);
    parameters.write()->assign(Vector(x, Precision::f64));
    return parameters;
}

/// The points after each of `steps` steps of a rule on the bowl, with the uneven schedule.
inline std::vector<std::vector<double>> path_of(const UpdateRule& rule, int steps, Precision precision) {
    const auto layout = two_tensors();
    Bowl objective = bowl(precision);
    Parameters parameters = parameters_at(layout, start(), precision);
    FirstOrder optimizer({.rule = rule, .schedule = uneven}, layout, {.precision = precision});
    std::vector<std::vector<double>> path;
    for (int i = 0; i < steps; ++i) {
        EXPECT_EQ(optimizer.step(objective, parameters).outcome, StepOutcome::updated);
        path.push_back(parameters.values().to_doubles());
    }
    return path;
}

inline void expect_near(const std::vector<double>& actual, const std::vector<double>& expected,
                        double relative) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i)
        EXPECT_NEAR(actual[i], expected[i], relative * std::max(1.0, std::abs(expected[i])))
            << "element " << i;
}

/// One parameter updated by hand: x after update t with the rate `lr`, g the slope of the objective.
using Slope = std::function<double(double)>;
using HandStep = std::function<double(int t, double lr, double x, const Slope& g)>;

/// The path that `hand` traces; it makes a step with a fresh state for each parameter.
inline std::vector<std::vector<double>> path_by_hand(const std::function<HandStep()>& hand,
                                                     double learning_rate, int steps) {
    const Bowl objective = bowl(Precision::f64);
    std::vector<double> x = start();
    std::vector<HandStep> elements;
    for (size_t i = 0; i < x.size(); ++i) elements.push_back(hand());
    std::vector<std::vector<double>> path;
    for (int t = 1; t <= steps; ++t) {
        for (size_t i = 0; i < x.size(); ++i)
            x[i] = elements[i](t, learning_rate * uneven(t - 1, {}), x[i],
                               [&](double at) { return objective.slope(i, at); });
        path.push_back(x);
    }
    return path;
}

/// The rule traces the path worked out by hand, in both precisions.
inline void expect_path(const UpdateRule& rule, const std::function<HandStep()>& hand, int steps = 6) {
    const auto expected = path_by_hand(hand, rule.base_learning_rate(), steps);
    const auto f64 = path_of(rule, steps, Precision::f64), f32 = path_of(rule, steps, Precision::f32);
    for (size_t i = 0; i < expected.size(); ++i) {
        SCOPED_TRACE("step " + std::to_string(i + 1));
        expect_near(f64[i], expected[i], 1e-12);
        expect_near(f32[i], expected[i], 1e-5);
    }
}

/// Every parameter is farther than `distance` from where another rule would have put it.
inline void expect_far(const std::vector<double>& a, const std::vector<double>& b, double distance) {
    for (size_t i = 0; i < a.size(); ++i) EXPECT_GT(std::abs(a[i] - b[i]), distance) << "element " << i;
}

}  // namespace ravine::test
