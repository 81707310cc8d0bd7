#include "ravine/optim/rules/momentum.hpp"

#include "ravine/optim/rules/sgd.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

TEST(Momentum, TheRateScalesTheGradientAsItEntersTheVelocity) {
    expect_path(Momentum{.learning_rate = 0.05, .momentum = 0.8}, [] {
        return [v = 0.0](int, double lr, double x, const Slope& g) mutable {
            v = 0.8 * v - lr * g(x);
            return x + v;
        };
    });
}

TEST(Momentum, PytorchsFormScalesTheVelocity) {
    expect_path(Momentum{.learning_rate = 0.05, .momentum = 0.8, .form = MomentumForm::pytorch}, [] {
        return [v = 0.0](int, double lr, double x, const Slope& g) mutable {
            v = 0.8 * v + g(x);
            return x - lr * v;
        };
    });
}

TEST(Momentum, BothFormsAgreeUntilTheRateChanges) {
    const auto velocity = path_of(Momentum{.learning_rate = 0.05}, 3, Precision::f64);
    const auto pytorch =
        path_of(Momentum{.learning_rate = 0.05, .form = MomentumForm::pytorch}, 3, Precision::f64);
    expect_near(velocity[0], pytorch[0], 1e-15);
    expect_far(velocity[1], pytorch[1], 1e-4);
}

TEST(Momentum, WithoutMomentumItIsGradientDescent) {
    EXPECT_EQ(path_of(Momentum{.learning_rate = 0.05, .momentum = 0}, 4, Precision::f64),
              path_of(Sgd{.learning_rate = 0.05}, 4, Precision::f64));
}

TEST(Momentum, FollowsItsSchedule) {
    // 0.5, 0.6, 0.7, 0.8, 0.8, ...
    expect_path(Momentum{.learning_rate = 0.05,
                         .momentum = 0.8,
                         .momentum_schedule = MomentumSchedule::Kind::linear,
                         .momentum_start = 0.5,
                         .momentum_steps = 3},
                [] {
                    return [v = 0.0](int t, double lr, double x, const Slope& g) mutable {
                        const double mu[] = {0.5, 0.6, 0.7, 0.8, 0.8, 0.8};
                        v = mu[t - 1] * v - lr * g(x);
                        return x + v;
                    };
                });
}

TEST(MomentumSchedule, SutskeversRisesByHalvesOfWhatIsMissing) {
    const MomentumSchedule mu{.kind = MomentumSchedule::Kind::sutskever, .momentum = 0.99};
    EXPECT_DOUBLE_EQ(mu(1), 0.5);
    EXPECT_DOUBLE_EQ(mu(249), 0.5);
    EXPECT_DOUBLE_EQ(mu(250), 0.75);
    EXPECT_DOUBLE_EQ(mu(500), 1 - 0.5 / 3);
    EXPECT_DOUBLE_EQ(mu(750), 0.875);
    EXPECT_DOUBLE_EQ(mu(49 * 250 - 1), 1 - 0.5 / 49);
    EXPECT_DOUBLE_EQ(mu(1000000), 0.99);
}

TEST(MomentumSchedule, LinearReachesItsEndAndStays) {
    const MomentumSchedule mu{
        .kind = MomentumSchedule::Kind::linear, .momentum = 0.9, .start = 0.1, .steps = 4};
    EXPECT_DOUBLE_EQ(mu(1), 0.1);
    EXPECT_DOUBLE_EQ(mu(3), 0.5);
    EXPECT_DOUBLE_EQ(mu(5), 0.9);
    EXPECT_DOUBLE_EQ(mu(100), 0.9);
}

}  // namespace
}  // namespace ravine
