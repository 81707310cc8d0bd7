// Norms and inner products over the whole vector are there before the update: what parameter-free methods
// need.
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

/// The step has the length of the rate, and a second vector is turned by the share of the gradient in it:
///
///     theta <- theta - lr g / ||g||
///     u <- u + <g, u> g, u = 1 at first
struct Normalized {
    double learning_rate = 0.1;

    Value update(RuleGraph& r) const {
        const Value u = r.state("u", 1);
        const Value norm = sqrt(r.inner("squared_norm", r.gradient, r.gradient));
        r.next("u", u + r.inner("share", r.gradient, u) * r.gradient);
        return r.theta - r.learning_rate / norm * r.gradient;
    }
};

TEST(InnerProducts, AreOverAllTensorsOfWhateverGroups) {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        const double tolerance = precision == Precision::f64 ? 1e-13 : 1e-5;
        const auto layout = test::two_tensors();
        layout->slices[1].rate = 2;  // two groups, one of which decays
        test::Bowl objective = test::bowl(precision);
        Parameters x = test::parameters_at(layout, test::start(), precision);
        FirstOrder optimizer({.rule = Normalized{}, .schedule = test::uneven, .weight_decay = 0.25}, layout,
                             {.precision = precision});
        std::vector<double> theta = test::start(), u(7, 1);
        for (int step = 0; step < 4; ++step) {
            double squares = 0, share = 0;
            std::vector<double> g;
            for (size_t i = 0; i < 7; ++i) {
                g.push_back(objective.slope(i, theta[i]));
                squares += g[i] * g[i];
                share += g[i] * u[i];
            }
            for (size_t i = 0; i < 7; ++i) {
                const double eta = 0.1 * test::uneven(step, {}) * (i < 4 ? 1 : 2);
                theta[i] -= eta * g[i] / std::sqrt(squares) + (i < 4 ? eta * 0.25 * theta[i] : 0);
                u[i] += share * g[i];
            }
            EXPECT_EQ(optimizer.step(objective, x).outcome, StepOutcome::updated);
            const auto found = x.values().to_doubles(), state = optimizer.state().find("u")->to_doubles();
            for (size_t i = 0; i < 7; ++i) {
                EXPECT_NEAR(found[i], theta[i], tolerance) << step << " " << i;
                EXPECT_NEAR(state[i], u[i], tolerance * (10 + std::abs(u[i]))) << step << " " << i;
            }
        }
    }
}

TEST(InnerProducts, LeaveFrozenTensorsOut) {
    const auto layout = test::two_tensors();
    layout->slices[0].trainable = false;
    test::Bowl objective = test::bowl(Precision::f64);
    Parameters x = test::parameters_at(layout, test::start(), Precision::f64);
    FirstOrder optimizer({.rule = Normalized{}}, layout, {.precision = Precision::f64});
    optimizer.step(objective, x);
    double moved = 0;
    for (int64_t i = 4; i < 7; ++i)
        moved += std::pow(x.values().at(i) - test::start()[static_cast<size_t>(i)], 2);
    EXPECT_NEAR(std::sqrt(moved), 0.1, 1e-14);
}

}  // namespace
}  // namespace ravine
