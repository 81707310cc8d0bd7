#include "ravine/optim/rules/rmsprop_nesterov.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

TEST(RmsPropNesterov, Algorithm86) {
    expect_path(RmsPropNesterov{.learning_rate = 0.05, .rho = 0.7, .momentum = 0.6, .epsilon = 0.1}, [] {
        return [r = 0.0, v = 0.0](int, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x + 0.6 * v);
            r = 0.7 * r + 0.3 * g * g;
            v = 0.6 * v - lr * g / (std::sqrt(r) + 0.1);
            return x + v;
        };
    });
}

TEST(RmsPropNesterov, RewrittenStoresTheLookaheadPointOfTheSamePath) {
    expect_path(RmsPropNesterov{.learning_rate = 0.05,
                                .rho = 0.7,
                                .momentum = 0.6,
                                .epsilon = 0.1,
                                .epsilon_place = EpsilonPlace::inside,
                                .form = NesterovForm::rewritten},
                [] {
                    return
                        [r = 0.0, v = 0.0, w = 0.0](int t, double lr, double x, const Slope& slope) mutable {
                            if (t == 1) w = x;
                            const double g = slope(w + 0.6 * v);
                            r = 0.7 * r + 0.3 * g * g;
                            v = 0.6 * v - lr * g / std::sqrt(r + 0.1);
                            w += v;
                            return w + 0.6 * v;
                        };
                });
}

TEST(RmsPropNesterov, AZeroGradientMovesNothing) {
    const auto layout = ParameterLayout::single(3);
    Bowl objective({0, 1, 0}, {0, 0, 0}, Precision::f32);
    Parameters x = parameters_at(layout, {1, 1, -2}, Precision::f32);
    FirstOrder optimizer({.rule = RmsPropNesterov{}}, layout, {.precision = Precision::f32});
    for (int i = 0; i < 3; ++i) optimizer.step(objective, x);
    EXPECT_EQ(x.values().at(0), 1);
    EXPECT_EQ(x.values().at(2), -2);
}

}  // namespace
}  // namespace ravine
