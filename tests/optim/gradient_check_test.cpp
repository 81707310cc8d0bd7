#include "ravine/optim/objective/gradient_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace ravine::test {
namespace {

/// Checks all elements of a gradient of `f` at a point.
template <class F>
std::vector<CheckedElement> check(const std::vector<double>& point, const std::vector<double>& gradient, F f,
                                  double step = 1e-5) {
    Parameters at(ParameterLayout::single(std::ssize(point)), Precision::f64);
    at.write()->assign(Vector(point, Precision::f64));
    std::vector<int64_t> indices(point.size());
    std::iota(indices.begin(), indices.end(), 0);
    std::vector<CheckedElement> elements;
    check_gradient(
        Vector(gradient, Precision::f64), at, indices, step,
        [&](const Parameters& p) { return f(p.values().to_doubles()); },
        [&](const CheckedElement& e) {
            elements.push_back(e);
            return true;
        });
    EXPECT_EQ(at.values().to_doubles(), point);  // put back
    return elements;
}

/// x^2 y + sin y.
Probe smooth(const std::vector<double>& x) { return {.value = x[0] * x[0] * x[1] + std::sin(x[1])}; }

TEST(GradientCheck, TheRelativeErrorIsOverTheLargerOfBoth) {
    EXPECT_DOUBLE_EQ(relative_error(1, 0.5), 0.5);
    EXPECT_DOUBLE_EQ(relative_error(-0.5, 1), 1.5);
    EXPECT_EQ(relative_error(0, 0), 0);
    EXPECT_EQ(relative_error(0, 1e-300), 1);
}

TEST(GradientCheck, ARightGradientAgreesWithTheCentralDifference) {
    const auto elements = check({3, 2}, {12, 9 + std::cos(2.0)}, smooth);
    for (const auto& e : elements) EXPECT_LT(e.error(), 1e-9);
    EXPECT_EQ(judge(summarize_check(elements), 2, false), GradientVerdict::right);
}

TEST(GradientCheck, AWrongElementIsFoundAndNamed) {
    const auto elements = check({3, 2}, {12, 9.1 + std::cos(2.0)}, smooth);
    const GradientSummary summary = summarize_check(elements);
    EXPECT_EQ(elements[static_cast<size_t>(summary.worst)].index, 1);
    EXPECT_NEAR(summary.unexplained, 0.1 / (9.1 + std::cos(2.0)), 1e-6);
    EXPECT_EQ(judge(summary, 2, true), GradientVerdict::wrong);
}

TEST(GradientCheck, AGradientThatIsForgottenIsWrongHoweverSmall) {
    const auto elements = check({3, 2}, {12, 0}, [](const std::vector<double>& x) {
        return Probe{.value = x[0] * x[0] * 2 + 1e-3 * x[1]};
    });
    EXPECT_GT(summarize_check(elements).unexplained, 0.99);
}

TEST(GradientCheck, TheStepIsRelativeToLargeElements) {
    double widest = 0;
    check(
        {1000, 0.1}, {1, 1},
        [&](const std::vector<double>& x) {
            widest = std::max(widest, std::abs(x[0] - 1000));
            EXPECT_LE(std::abs(x[1] - 0.1), 1.0001e-3);
            return Probe{.value = x[0] + x[1]};
        },
        1e-3);
    EXPECT_NEAR(widest, 1, 1e-9);
}

TEST(GradientCheck, AKinkWithinTheStepIsToldApart) {
    const auto relu = [](const std::vector<double>& x) {
        return Probe{.value = std::max(x[0], 0.0) + x[1], .choices = x[0] > 0};
    };
    const auto elements = check({1e-6, 1}, {1, 1}, relu);  // the quotient is 0.55 there
    EXPECT_TRUE(elements[0].crosses_kink);
    EXPECT_GT(elements[0].error(), 0.4);
    EXPECT_FALSE(elements[1].crosses_kink);
    const GradientSummary summary = summarize_check(elements);
    EXPECT_EQ(summary.kinks, 1);
    EXPECT_EQ(summary.counted, 1);
    EXPECT_LT(summary.unexplained, 1e-9);
}

TEST(GradientCheck, WhereEveryElementIsAKinkNothingIsShown) {
    const auto relu = [](const std::vector<double>& x) {
        return Probe{.value = std::max(x[0], 0.0), .choices = x[0] > 0};
    };
    const GradientSummary kinks = summarize_check(check({1e-6}, {1}, relu));
    EXPECT_EQ(kinks.kinks, 1);
    EXPECT_EQ(judge(kinks, 2, true), GradientVerdict::not_shown);
    // One element beside it is enough, and an error remains an error.
    const auto beside = [](const std::vector<double>& x) {
        return Probe{.value = std::max(x[0], 0.0) + x[1], .choices = x[0] > 0};
    };
    EXPECT_EQ(judge(summarize_check(check({1e-6, 1}, {1, 1}, beside)), 2, true), GradientVerdict::right);
    EXPECT_EQ(judge(summarize_check(check({1e-6, 1}, {1, 2}, beside)), 2, true), GradientVerdict::wrong);
}

TEST(GradientCheck, WhatRoundingHidesIsNotCalledWrong) {
    // A slope of 1e-12 beside a value of 1e6: the difference quotient is noise.
    const auto elements = check(
        {1, 1}, {0, 1e-12}, [](const std::vector<double>& x) { return Probe{.value = 1e6 + 1e-12 * x[1]}; });
    const GradientSummary summary = summarize_check(elements);
    EXPECT_EQ(summary.too_small, 2);
    EXPECT_EQ(summary.counted, 0);
    EXPECT_EQ(summary.worst, -1);
    EXPECT_EQ(summary.below_active_range, 2);
    EXPECT_EQ(summary.unexplained, 0);
}

// tanh(x / w) turns within w: a step of many w is halved until its extrapolation agrees with the slope.
TEST(GradientCheck, StepsAreShortenedWhereTheFunctionTurns) {
    for (const double width : {1e-3, 1e-4, 1e-5, 3e-6}) {
        const auto turn = [&](const std::vector<double>& x) {
            return Probe{.value = std::tanh(x[0] / width) + x[1] * x[1]};
        };
        for (const double at : {0.0, 0.3 * width, width}) {
            const double slope = (1 - std::pow(std::tanh(at / width), 2)) / width;
            const auto elements = check({at, 1}, {slope, 2}, turn);
            EXPECT_LT(elements[0].error(), 1e-6) << width << " " << at;
            EXPECT_LE(judge(summarize_check(elements), 2, false), GradientVerdict::right);
            EXPECT_FALSE(elements[0].is_too_small());
            for (const double factor : {1.02, 0.98, -1.0, 0.0}) {
                const auto wrong = check({at, 1}, {factor * slope, 2}, turn);
                EXPECT_EQ(judge(summarize_check(wrong), 2, false), GradientVerdict::wrong)
                    << width << " " << at << " " << factor;
            }
        }
    }
}

// Where large numbers cancel, values are uncertain by far more than units of their own last place.
TEST(GradientCheck, NoiseIsMeasured) {
    const auto noisy = [](const std::vector<double>& x) {
        return Probe{.value = (1e6 + std::sin(x[0])) - 1e6 + x[1]};
    };
    const auto elements = check({1, 1}, {std::cos(1.0), 1}, noisy);
    EXPECT_EQ(summarize_check(elements).unexplained, 0);
    EXPECT_GT(elements[0].uncertainty, 1e-6);
    EXPECT_LT(elements[0].uncertainty, 1e-4);
}

TEST(GradientCheck, AKinkOnBothSidesIsAKink) {
    // A roof narrower than the step: flat beyond it, on both sides.
    const auto roof = [](const std::vector<double>& x) {
        const double inside = 1e-7 - std::abs(x[0]);
        return Probe{.value = std::max(inside, 0.0) + x[1], .choices = inside > 0};
    };
    const auto elements = check({5e-8, 1}, {-1, 1}, roof);
    EXPECT_TRUE(elements[0].crosses_kink);
    EXPECT_EQ(summarize_check(elements).unexplained, 0);
}

TEST(GradientCheck, NanIsTheWorst) {
    const auto elements = check({3, 2}, {std::nan(""), 9 + std::cos(2.0)}, smooth);
    EXPECT_EQ(judge(summarize_check(elements), 20, true), GradientVerdict::wrong);
}

TEST(GradientCheck, JudgesByTheThresholdsOfTheStudy) {
    using enum GradientVerdict;
    const auto verdict = [](double error, int64_t layers, bool has_kinks) {
        return judge({.checked = 1, .counted = 1, .unexplained = error}, layers, has_kinks);
    };
    EXPECT_EQ(verdict(1e-7, 1, false), right);
    EXPECT_EQ(verdict(1e-6, 1, false), doubtful);
    EXPECT_EQ(verdict(1e-4, 1, true), acceptable);
    EXPECT_EQ(verdict(2e-4, 9, true), doubtful);
    EXPECT_EQ(verdict(2e-4, 10, false), acceptable);
    EXPECT_EQ(verdict(1e-2, 10, false), acceptable);
    EXPECT_EQ(verdict(0.011, 100, true), wrong);
}

TEST(GradientCheck, CanBeEndedEarly) {
    Parameters at(ParameterLayout::single(3), Precision::f64);
    const std::vector<int64_t> indices{0, 1, 2};
    int heard = 0;
    check_gradient(
        Vector(3, Precision::f64), at, indices, 1e-5, [](const Parameters&) { return Probe{.value = 0}; },
        [&](const CheckedElement&) { return ++heard < 2; });
    EXPECT_EQ(heard, 2);
}

}  // namespace
}  // namespace ravine::test
