#include "ravine/optim/rules/adam.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

// epsilon is large enough to tell its place: outside the root, beside the corrected v.
TEST(Adam, Algorithm1) {
    expect_path(Adam{.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 0.1}, [] {
        return [m = 0.0, v = 0.0](int t, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x);
            m = 0.8 * m + (1 - 0.8) * g;
            v = 0.95 * v + (1 - 0.95) * g * g;
            const double m_hat = m / (1 - std::pow(0.8, t)), v_hat = v / (1 - std::pow(0.95, t));
            return x - lr * m_hat / (std::sqrt(v_hat) + 0.1);
        };
    });
}

TEST(Adam, WithoutBiasCorrection) {
    expect_path(
        Adam{.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 0.1, .bias_correction = false},
        [] {
            return [m = 0.0, v = 0.0](int, double lr, double x, const Slope& slope) mutable {
                const double g = slope(x);
                m = 0.8 * m + (1 - 0.8) * g;
                v = 0.95 * v + (1 - 0.95) * g * g;
                return x - lr * m / (std::sqrt(v) + 0.1);
            };
        });
}

TEST(Adam, FirstStepIsTheRateWhateverTheGradient) {
    const auto path = path_of(Adam{.learning_rate = 0.1}, 1, Precision::f64);
    const auto before = start();
    for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(std::abs(path[0][i] - before[i]), 0.1, 1e-7);
}

}  // namespace
}  // namespace ravine
