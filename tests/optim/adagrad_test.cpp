#include "ravine/optim/rules/adagrad.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

std::function<HandStep()> by_hand(double initial, EpsilonPlace place) {
    return [=] {
        return [=, r = initial](int, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x);
            r += g * g;
            return x - lr * g / (place == EpsilonPlace::inside ? std::sqrt(r + 0.1) : std::sqrt(r) + 0.1);
        };
    };
}

// An epsilon of 0.1 makes its place matter.
TEST(AdaGrad, EpsilonOutsideTheRoot) {
    expect_path(AdaGrad{.learning_rate = 0.3, .epsilon = 0.1}, by_hand(0, EpsilonPlace::outside));
}

TEST(AdaGrad, EpsilonInsideTheRoot) {
    expect_path(AdaGrad{.learning_rate = 0.3, .epsilon = 0.1, .epsilon_place = EpsilonPlace::inside},
                by_hand(0, EpsilonPlace::inside));
}

TEST(AdaGrad, SumBeginsAtTheInitialAccumulator) {
    expect_path(AdaGrad{.learning_rate = 0.3, .epsilon = 0.1, .initial_accumulator = 0.5},
                by_hand(0.5, EpsilonPlace::outside));
}

TEST(AdaGrad, FirstStepIsTheRateWhateverTheGradient) {
    const auto path = path_of(AdaGrad{.learning_rate = 0.3}, 1, Precision::f64);
    const auto before = start();
    for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(std::abs(path[0][i] - before[i]), 0.3, 1e-6);
}

}  // namespace
}  // namespace ravine
