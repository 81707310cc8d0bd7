#include "ravine/optim/rules/nadam.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

double mu(int t, double decay) { return 0.8 * (1 - 0.5 * std::pow(0.96, t * decay)); }

double product(int t, double decay) {
    double result = 1;
    for (int i = 1; i <= t; ++i) result *= mu(i, decay);
    return result;
}

std::function<HandStep()> by_hand(double decay) {
    return [decay] {
        return [decay, m = 0.0, v = 0.0](int t, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x);
            m = 0.8 * m + (1 - 0.8) * g;
            v = 0.95 * v + (1 - 0.95) * g * g;
            const double m_hat = mu(t + 1, decay) * m / (1 - product(t + 1, decay)) +
                                 (1 - mu(t, decay)) * g / (1 - product(t, decay));
            return x - lr * m_hat / (std::sqrt(v / (1 - std::pow(0.95, t))) + 0.1);
        };
    };
}

TEST(NAdam, Algorithm2WithItsMomentumSchedule) {
    expect_path(NAdam{.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 0.1}, by_hand(0.004));
}

TEST(NAdam, MomentumDecay) {
    expect_path(NAdam{.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 0.1, .momentum_decay = 1},
                by_hand(1));
}

TEST(NAdam, TheProductIsAFunctionOfTheStepAlone) {
    Graph graph;
    RuleGraph r(graph, 1), again(graph, 1);
    NAdam{}.update(r);
    NAdam{}.update(again);
    for (size_t i = 0; i < r.scalars().size(); ++i) {
        const auto& running = r.scalars()[i].second;
        for (int64_t t = 1; t < 1000; ++t) running(t);
        const double late = running(1000), early = running(7);
        EXPECT_EQ(again.scalars()[i].second(1000), late);
        EXPECT_EQ(again.scalars()[i].second(7), early);
    }
}

}  // namespace
}  // namespace ravine
