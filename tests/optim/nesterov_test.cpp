#include "ravine/optim/rules/nesterov.hpp"

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

const MomentumSchedule growing{
    .kind = MomentumSchedule::Kind::linear, .momentum = 0.9, .start = 0.3, .steps = 4};

Nesterov with_schedule(NesterovForm form) {
    return {.learning_rate = 0.05,
            .momentum = 0.9,
            .momentum_schedule = MomentumSchedule::Kind::linear,
            .momentum_start = 0.3,
            .momentum_steps = 4,
            .form = form};
}

/// v <- mu_t v - lr g(w + mu_t v); w <- w + v: the definition.
std::function<HandStep()> lookahead(const MomentumSchedule& mu) {
    return [mu] {
        return [mu, v = 0.0](int t, double lr, double w, const Slope& g) mutable {
            v = mu(t) * v - lr * g(w + mu(t) * v);
            return w + v;
        };
    };
}

/// The same path seen as x = w + mu_{t+1} v: w is followed on the side.
std::function<HandStep()> seen_ahead(const MomentumSchedule& mu) {
    return [mu] {
        return [mu, v = 0.0, w = 0.0](int t, double lr, double x, const Slope& g) mutable {
            if (t == 1) w = x;
            v = mu(t) * v - lr * g(w + mu(t) * v);
            w += v;
            return w + mu(t + 1) * v;
        };
    };
}

TEST(Nesterov, LookaheadEvaluatesAheadAndStoresTheta) {
    expect_path(Nesterov{.learning_rate = 0.05, .momentum = 0.8, .form = NesterovForm::lookahead},
                lookahead({.momentum = 0.8}));
}

TEST(Nesterov, RewrittenStoresTheLookaheadPoint) {
    expect_path(Nesterov{.learning_rate = 0.05, .momentum = 0.8}, seen_ahead({.momentum = 0.8}));
}

TEST(Nesterov, RewrittenIsTheStudysLineForAConstantMomentum) {
    expect_path(Nesterov{.learning_rate = 0.05, .momentum = 0.8}, [] {
        return [v = 0.0](int, double lr, double w, const Slope& g) mutable {
            const double v_prev = v;
            v = 0.8 * v - lr * g(w);
            return w + v + 0.8 * (v - v_prev);
        };
    });
}

TEST(Nesterov, BothFormsTraceOnePathUnderAMomentumSchedule) {
    expect_path(with_schedule(NesterovForm::lookahead), lookahead(growing));
    expect_path(with_schedule(NesterovForm::rewritten), seen_ahead(growing));
}

TEST(Nesterov, FormsMeetAtXIsWPlusMuV) {
    const auto layout = two_tensors();
    Bowl objective = bowl(Precision::f64);
    Parameters w = parameters_at(layout, start(), Precision::f64), x = w;
    FirstOrder ahead({.rule = with_schedule(NesterovForm::lookahead), .schedule = uneven}, layout,
                     {.precision = Precision::f64});
    FirstOrder rewritten({.rule = with_schedule(NesterovForm::rewritten), .schedule = uneven}, layout,
                         {.precision = Precision::f64});
    for (int t = 1; t <= 8; ++t) {
        ahead.step(objective, w);
        const auto evaluated = objective.evaluated_at;
        rewritten.step(objective, x);
        expect_near(objective.evaluated_at, evaluated, 1e-13);  // one gradient each, at the same point
        const Vector& v = *ahead.state().tensors[0].values;
        for (int64_t i = 0; i < 7; ++i)
            EXPECT_NEAR(x.values().at(i), w.values().at(i) + growing(t + 1) * v.at(i), 1e-13);
    }
}

TEST(Nesterov, PytorchsForm) {
    expect_path(Nesterov{.learning_rate = 0.05, .momentum = 0.8, .form = NesterovForm::pytorch}, [] {
        return [v = 0.0](int, double lr, double x, const Slope& slope) mutable {
            const double g = slope(x);
            v = 0.8 * v + g;
            return x - lr * (g + 0.8 * v);
        };
    });
}

TEST(Nesterov, ReportsTheLossWhereTheGradientIs) {
    const auto layout = two_tensors();
    Bowl objective = bowl(Precision::f64);
    Parameters w = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = with_schedule(NesterovForm::lookahead)}, layout,
                         {.precision = Precision::f64});
    optimizer.step(objective, w);
    const double at_theta = objective.value(w);
    const StepReport report = optimizer.step(objective, w);
    const double reported = report.loss;
    EXPECT_NE(reported, at_theta);
    EXPECT_EQ(report.at->values().to_doubles(), objective.evaluated_at);
    EXPECT_EQ(report.gradient, &optimizer.gradient());
    EXPECT_DOUBLE_EQ(reported,
                     objective.value(parameters_at(layout, objective.evaluated_at, Precision::f64)));
}

}  // namespace
}  // namespace ravine
