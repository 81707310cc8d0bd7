#include "ravine/optim/rules/delta_bar_delta.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

TEST(DeltaBarDelta, RatesGrowByKappaAndShrinkByPhi) {
    int grown = 0, shrunk = 0;
    expect_path(DeltaBarDelta{.learning_rate = 0.25, .kappa = 0.02, .phi = 0.4, .theta = 0.6}, [&] {
        return [&, e = 0.25, b = 0.0](int, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x), multiplier = lr / 0.25;
            if (b * g > 0) e += 0.02, ++grown;
            if (b * g < 0) e *= 0.6, ++shrunk;
            b = 0.6 * b + 0.4 * g;
            return x - multiplier * e * g;
        };
    });
    EXPECT_GT(grown, 5);
    EXPECT_GT(shrunk, 5);
}

TEST(DeltaBarDelta, TheRatesAreState) {
    const auto layout = two_tensors();
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = DeltaBarDelta{.learning_rate = 0.01, .kappa = 0.005}}, layout,
                         {.precision = Precision::f64});
    const Vector* rate = optimizer.state().find("rate");
    ASSERT_NE(rate, nullptr);
    EXPECT_DOUBLE_EQ(rate->at(3), 0.01);
    optimizer.step(objective, x);
    EXPECT_DOUBLE_EQ(rate->at(3), 0.01);  // no mean yet to agree with
    optimizer.step(objective, x);
    EXPECT_DOUBLE_EQ(rate->at(3), 0.015);
}

}  // namespace
}  // namespace ravine
