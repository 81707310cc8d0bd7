#include "ravine/optim/rules/clipping.hpp"

#include <limits>

#include "ravine/optim/rules/momentum.hpp"
#include "ravine/optim/rules/sgd.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

/// The step that gradient descent at the rate 1 makes: minus the clipped gradient.
std::vector<double> clipped(const std::string& clipping, Precision precision = Precision::f64) {
    const auto layout = two_tensors();
    Bowl objective = bowl(precision);
    Parameters x = parameters_at(layout, start(), precision);
    FirstOrder optimizer({.rule = Sgd{.learning_rate = 1}, .clipping = make_clipping(Spec::parse(clipping))},
                         layout, {.precision = precision});
    const StepReport report = optimizer.step(objective, x);
    std::vector<double> result = x.values().to_doubles();
    double norm = 0;
    for (size_t i = 0; i < result.size(); ++i) {
        result[i] = start()[i] - result[i];
        norm += std::pow(objective.slope(i, start()[i]), 2);
    }
    EXPECT_NEAR(report.gradient_norm, std::sqrt(norm), 1e-6 * std::sqrt(norm));  // before clipping
    return result;
}

std::vector<double> gradient() {
    const Bowl objective = bowl(Precision::f64);
    std::vector<double> g;
    for (size_t i = 0; i < start().size(); ++i) g.push_back(objective.slope(i, start()[i]));
    return g;
}

double norm(const std::vector<double>& v, size_t first, size_t last) {
    double total = 0;
    for (size_t i = first; i < last; ++i) total += v[i] * v[i];
    return std::sqrt(total);
}

TEST(Clipping, NoneLeavesTheGradientAlone) { expect_near(clipped("none"), gradient(), 1e-14); }

TEST(Clipping, ByValueBoundsEachElement) {
    auto expected = gradient();
    for (double& g : expected) g = std::min(std::max(g, -0.5), 0.5);
    expect_near(clipped("value:limit=0.5"), expected, 1e-14);
    expect_near(clipped("value:limit=0.5", Precision::f32), expected, 1e-6);
}

TEST(Clipping, ByNormKeepsTheDirectionOfTheWholeGradient) {
    auto expected = gradient();
    const double total = norm(expected, 0, 7);
    ASSERT_GT(total, 2);
    for (double& g : expected) g *= 2 / total;
    expect_near(clipped("norm:limit=2"), expected, 1e-14);
    expect_near(clipped("norm:limit=2", Precision::f32), expected, 1e-6);
    expect_near(clipped("norm:limit=1000"), gradient(), 1e-14);
}

TEST(Clipping, ByTensorNormTreatsEachTensorAlone) {
    auto expected = gradient();
    const double weight = norm(expected, 0, 4), bias = norm(expected, 4, 7);
    ASSERT_GT(weight, 1.4);
    ASSERT_LT(bias, 1.4);
    for (size_t i = 0; i < 4; ++i) expected[i] *= 1.4 / weight;
    expect_near(clipped("tensor-norm:limit=1.4"), expected, 1e-14);
    expect_near(clipped("tensor-norm:limit=1.4", Precision::f32), expected, 1e-6);
}

TEST(Clipping, ComesBeforeTheVelocity) {
    const auto layout = two_tensors();
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = Momentum{.learning_rate = 0.1}, .clipping = {Clipping::Kind::value, 0.25}},
                         layout, {.precision = Precision::f64});
    std::vector<double> hand = start(), v(7, 0);
    for (int t = 0; t < 4; ++t) {
        optimizer.step(objective, x);
        for (size_t i = 0; i < 7; ++i) {
            v[i] = 0.9 * v[i] - 0.1 * std::min(std::max(objective.slope(i, hand[i]), -0.25), 0.25);
            hand[i] += v[i];
        }
        expect_near(x.values().to_doubles(), hand, 1e-13);
    }
}

TEST(Clipping, ByNormLeavesFrozenTensorsOutOfTheNorm) {
    const auto layout = two_tensors();
    layout->slices[0].trainable = false;
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = Sgd{.learning_rate = 1}, .clipping = {Clipping::Kind::norm, 0.1}}, layout,
                         {.precision = Precision::f64});
    const double bias = norm(gradient(), 4, 7);
    EXPECT_NEAR(optimizer.step(objective, x).gradient_norm, bias, 1e-12);
    for (size_t i = 4; i < 7; ++i)
        EXPECT_NEAR(start()[i] - x.values().at(static_cast<int64_t>(i)), gradient()[i] * 0.1 / bias, 1e-14);
}

TEST(Clipping, ByNormRefusesAGradientThatIsNotFinite) {
    const auto layout = two_tensors();
    for (const auto kind : {Clipping::Kind::norm, Clipping::Kind::tensor_norm}) {
        for (const double scale :
             {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
            Bowl objective = bowl(Precision::f32);
            objective.gradient_scale = scale;
            Parameters x = parameters_at(layout, start(), Precision::f32);
            FirstOrder optimizer({.rule = Sgd{}, .clipping = {kind, 1}}, layout, {});
            const StepReport report = optimizer.step(objective, x);
            EXPECT_EQ(report.outcome, StepOutcome::not_finite);
            EXPECT_FALSE(std::isfinite(report.gradient_norm));
            EXPECT_EQ(x.values().to_doubles(),
                      parameters_at(layout, start(), Precision::f32).values().to_doubles());
            EXPECT_EQ(optimizer.steps(), 0);
        }
    }
}

TEST(Clipping, ByNormScalesGradientsWhoseSquaresOverflow) {
    const auto layout = two_tensors();
    Bowl objective = bowl(Precision::f32);
    objective.gradient_scale = 1e30;
    Parameters x = parameters_at(layout, start(), Precision::f32);
    FirstOrder optimizer({.rule = Sgd{.learning_rate = 1}, .clipping = {Clipping::Kind::norm, 2}}, layout,
                         {});
    const StepReport report = optimizer.step(objective, x);
    EXPECT_EQ(report.outcome, StepOutcome::updated);
    const double total = norm(gradient(), 0, 7);
    EXPECT_NEAR(report.gradient_norm / 1e30, total, 1e-5 * total);
    for (size_t i = 0; i < 7; ++i)
        EXPECT_NEAR(start()[i] - x.values().at(static_cast<int64_t>(i)), gradient()[i] * 2 / total, 1e-6);
}

TEST(Clipping, WithoutANormAGradientThatIsNotFiniteIsReported) {
    const auto layout = two_tensors();
    Bowl objective = bowl(Precision::f32);
    objective.gradient_scale = std::numeric_limits<double>::quiet_NaN();
    Parameters x = parameters_at(layout, start(), Precision::f32);
    FirstOrder optimizer({.rule = Sgd{}}, layout, {});
    const StepReport report = optimizer.step(objective, x);
    EXPECT_EQ(report.outcome, StepOutcome::not_finite);
    EXPECT_TRUE(std::isnan(report.gradient_norm));
}

}  // namespace
}  // namespace ravine
