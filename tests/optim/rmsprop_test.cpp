#include "ravine/optim/rules/rmsprop.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

TEST(RmsProp, EpsilonOutsideTheRoot) {
    expect_path(RmsProp{.learning_rate = 0.05, .rho = 0.7, .epsilon = 0.1}, [] {
        return [r = 0.0](int, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x);
            r = 0.7 * r + 0.3 * g * g;
            return x - lr * g / (std::sqrt(r) + 0.1);
        };
    });
}

TEST(RmsProp, EpsilonInsideTheRoot) {
    expect_path(
        RmsProp{.learning_rate = 0.05, .rho = 0.7, .epsilon = 0.1, .epsilon_place = EpsilonPlace::inside},
        [] {
            return [r = 0.0](int, double lr, double x, const Slope& slope) mutable {
                const double g = slope(x);
                r = 0.7 * r + 0.3 * g * g;
                return x - lr * g / std::sqrt(r + 0.1);
            };
        });
}

TEST(RmsProp, MomentumGathersScaledGradients) {
    expect_path(RmsProp{.learning_rate = 0.05, .rho = 0.7, .epsilon = 0.1, .momentum = 0.6}, [] {
        return [r = 0.0, v = 0.0](int, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x);
            r = 0.7 * r + 0.3 * g * g;
            v = 0.6 * v - lr * g / (std::sqrt(r) + 0.1);
            return x + v;
        };
    });
}

TEST(RmsProp, PytorchsMomentumScalesTheVelocity) {
    expect_path(RmsProp{.learning_rate = 0.05,
                        .rho = 0.7,
                        .epsilon = 0.1,
                        .momentum = 0.6,
                        .form = MomentumForm::pytorch},
                [] {
                    return [r = 0.0, v = 0.0](int, double lr, double x, const Slope& slope) mutable {
                        const double g = slope(x);
                        r = 0.7 * r + 0.3 * g * g;
                        v = 0.6 * v + g / (std::sqrt(r) + 0.1);
                        return x - lr * v;
                    };
                });
}

TEST(RmsProp, CenteredDividesByTheVariance) {
    expect_path(RmsProp{.learning_rate = 0.05, .rho = 0.7, .epsilon = 0.1, .centered = true}, [] {
        return [r = 0.0, m = 0.0](int, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x);
            r = 0.7 * r + 0.3 * g * g;
            m = 0.7 * m + 0.3 * g;
            return x - lr * g / (std::sqrt(r - m * m) + 0.1);
        };
    });
}

TEST(RmsProp, CenteredSurvivesAGradientThatNeverChanges) {
    // r - m^2 goes to 0, and rounding takes it below.
    const auto layout = ParameterLayout::single(1000);
    std::vector<double> zeros(1000, 0), slopes(1000, 1e-12), targets;
    for (int i = 0; i < 1000; ++i) targets.push_back(1e12 * (1 + 0.001 * i));
    Bowl objective(slopes, targets, Precision::f32);
    Parameters x = parameters_at(layout, zeros, Precision::f32);
    FirstOrder optimizer({.rule = RmsProp{.learning_rate = 1e-6, .rho = 0.5, .centered = true}}, layout,
                         {.precision = Precision::f32});
    for (int i = 0; i < 60; ++i) optimizer.step(objective, x);
    for (const double value : x.values().to_doubles()) ASSERT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace ravine
