#include "ravine/optim/rules/adadelta.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

TEST(Adadelta, DividesTheRootOfLastStepsByThatOfGradients) {
    expect_path(Adadelta{.learning_rate = 0.8, .rho = 0.7, .epsilon = 0.01}, [] {
        return [e = 0.0, d2 = 0.0](int, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x);
            e = 0.7 * e + 0.3 * g * g;
            const double d = std::sqrt(d2 + 0.01) / std::sqrt(e + 0.01) * g;
            d2 = 0.7 * d2 + 0.3 * d * d;
            return x - lr * d;
        };
    });
}

}  // namespace
}  // namespace ravine
