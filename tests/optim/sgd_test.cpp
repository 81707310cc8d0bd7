#include "ravine/optim/rules/sgd.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

TEST(Sgd, StepsAgainstTheGradientAtTheScheduledRate) {
    expect_path(Sgd{.learning_rate = 0.1},
                [] { return [](int, double lr, double x, const Slope& g) { return x - lr * g(x); }; });
}

}  // namespace
}  // namespace ravine
