#include "ravine/optim/rates/hypergradient.hpp"

#include <cstring>

#include "ravine/core/error.hpp"
#include "ravine/optim/rules/adam.hpp"
#include "ravine/optim/rules/momentum.hpp"
#include "ravine/optim/rules/nesterov.hpp"
#include "ravine/optim/rules/sgd.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

RatePolicyMaker maker_of(const Hypergradient& settings) {
    return [settings](double base) { return make_hypergradient(settings, base); };
}

/// The points and the rates of the policy, schedule left out, of a run on the bowl.
struct HyperCourse {
    std::vector<std::vector<double>> points;
    std::vector<double> rates;
};

HyperCourse course_of(const UpdateRule& rule, const Hypergradient& settings, int steps, Precision precision) {
    Bowl objective = bowl(precision);
    Parameters x = parameters_at(two_tensors(), start(), precision);
    FirstOrder optimizer({.rule = rule, .rate = maker_of(settings), .schedule = uneven}, x.shared_layout(),
                         {.precision = precision});
    HyperCourse course;
    for (int i = 0; i < steps; ++i) {
        course.rates.push_back(optimizer.step(objective, x).learning_rate / uneven(i, {}));
        course.points.push_back(x.values().to_doubles());
    }
    return course;
}

/// What one parameter contributes: how its slope b follows from its gradient, with a state of its own, and
/// the step, given the rate that the schedule has multiplied.
struct Hand {
    std::function<double(int t, double g)> slope;
    std::function<double(double x, double rate, double g, double b)> step =
        [](double x, double rate, double, double b) { return x + rate * b; };
};

/// The algorithms of the paper in plain numbers: h_t = g_t' b_{t-1}, alpha_t = alpha_{t-1} - beta h_t, and
/// the step with alpha_t.
HyperCourse course_by_hand(const std::function<Hand()>& hand, const Hypergradient& settings, double alpha,
                           int steps) {
    const Bowl objective = bowl(Precision::f64);
    std::vector<double> x = start(), b(x.size(), 0);
    std::vector<Hand> elements;
    for (size_t i = 0; i < x.size(); ++i) elements.push_back(hand());
    HyperCourse course;
    for (int t = 1; t <= steps; ++t) {
        double h = 0, gg = 0, bb = 0;
        std::vector<double> g;
        for (size_t i = 0; i < x.size(); ++i) {
            g.push_back(objective.slope(i, x[i]));
            h += g[i] * b[i];
            gg += g[i] * g[i];
            bb += b[i] * b[i];
        }
        if (settings.form == Hypergradient::Form::additive)
            alpha -= settings.beta * h;
        else if (t > 1)
            alpha *= 1 - settings.beta * h / (std::sqrt(gg) * std::sqrt(bb));
        for (size_t i = 0; i < x.size(); ++i) {
            b[i] = elements[i].slope(t, g[i]);
            x[i] = elements[i].step(x[i], alpha * uneven(t - 1, {}), g[i], b[i]);
        }
        course.rates.push_back(alpha);
        course.points.push_back(x);
    }
    return course;
}

void expect_course(const UpdateRule& rule, const Hypergradient& settings, const std::function<Hand()>& hand) {
    const auto expected = course_by_hand(hand, settings, rule.base_learning_rate(), 6);
    for (const auto precision : {Precision::f64, Precision::f32}) {
        const auto found = course_of(rule, settings, 6, precision);
        const double tolerance = precision == Precision::f64 ? 1e-12 : 1e-5;
        for (size_t t = 0; t < 6; ++t) {
            SCOPED_TRACE("step " + std::to_string(t + 1) + " in " + to_string(precision));
            EXPECT_NEAR(found.rates[t], expected.rates[t], tolerance);
            expect_near(found.points[t], expected.points[t], tolerance);
        }
        EXPECT_GT(std::abs(found.rates[5] - found.rates[0]), 0.1 * found.rates[0]);
    }
}

Hand descent() {
    return {.slope = [](int, double g) { return -g; }};
}

TEST(Hypergradient, SgdHd) { expect_course(Sgd{.learning_rate = 0.02}, {.beta = 2e-4}, descent); }

TEST(Hypergradient, TheMultiplicativeForm) {
    expect_course(Sgd{.learning_rate = 0.02}, {.form = Hypergradient::Form::multiplicative, .beta = 0.1},
                  descent);
}

TEST(Hypergradient, SgdnHd) {
    expect_course(Nesterov{.learning_rate = 0.02, .momentum = 0.8, .form = NesterovForm::pytorch},
                  {.beta = 2e-4}, [] {
                      return Hand{.slope = [v = 0.0](int, double g) mutable {
                          v = 0.8 * v + g;
                          return -g - 0.8 * v;
                      }};
                  });
}

TEST(Hypergradient, AdamHd) {
    expect_course(Adam{.learning_rate = 0.02, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 0.1}, {.beta = 1e-3},
                  [] {
                      return Hand{.slope = [m = 0.0, v = 0.0](int t, double g) mutable {
                          m = 0.8 * m + 0.2 * g;
                          v = 0.95 * v + (1 - 0.95) * g * g;
                          return -m / (1 - std::pow(0.8, t)) / (std::sqrt(v / (1 - std::pow(0.95, t))) + 0.1);
                      }};
                  });
}

// Of the velocity only what enters it with this rate depends on it.
TEST(Hypergradient, OfAVelocityTheSlopeIsTheGradient) {
    expect_course(Momentum{.learning_rate = 0.02, .momentum = 0.8}, {.beta = 2e-4}, [] {
        return Hand{.slope = [](int, double g) { return -g; },
                    .step =
                        [v = 0.0](double x, double rate, double g, double) mutable {
                            v = 0.8 * v - rate * g;
                            return x + v;
                        }};
    });
}

/// Rates that were written down before.
class Replay : public RatePolicy {
public:
    explicit Replay(std::vector<double> rates) : rates_(std::move(rates)) {}
    double rate(const RateQuestion& question) override {
        return rates_.at(static_cast<size_t>(question.update - 1));
    }

private:
    std::vector<double> rates_;
};

/// The losses before each of three steps with these rates.
std::vector<double> losses_with(FirstOrderOptions options, const std::shared_ptr<ParameterLayout>& layout,
                                const std::vector<double>& rates) {
    options.rate = [&](double) { return std::make_unique<Replay>(rates); };
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer(options, layout, {.precision = Precision::f64});
    std::vector<double> losses;
    for (size_t i = 0; i < 3; ++i) losses.push_back(optimizer.step(objective, x).loss);
    return losses;
}

// What moves the rate is the derivative of the loss by the rate of the step before, with tensors that have
// rates of their own, of which one decays, and a gradient that is clipped.
TEST(Hypergradient, IsTheDerivativeOfTheLossByTheRateOfTheStepBefore) {
    for (const char* name : {"sgd", "momentum", "momentum:form=pytorch", "adagrad", "rmsprop", "adadelta",
                             "adam", "nadam", "delta-bar-delta"}) {
        SCOPED_TRACE(name);
        const auto layout = two_tensors();
        layout->slices[1].rate = 3;
        const FirstOrderOptions options{.rule = update_rules().make(Spec::parse(name)),
                                        .rate = maker_of({.beta = 1e-3}),
                                        .clipping = {Clipping::Kind::norm, 1.5},
                                        .weight_decay = 0.25};
        Bowl objective = bowl(Precision::f64);
        Parameters x = parameters_at(layout, start(), Precision::f64);
        FirstOrder optimizer(options, layout, {.precision = Precision::f64});
        std::vector<double> rates;
        for (size_t i = 0; i < 3; ++i) rates.push_back(optimizer.step(objective, x).learning_rate);
        const double h = (rates[1] - rates[2]) / 1e-3, difference = 1e-5;
        auto more = rates, less = rates;
        more[1] += difference;
        less[1] -= difference;
        const double expected =
            (losses_with(options, layout, more)[2] - losses_with(options, layout, less)[2]) /
            (2 * difference);
        EXPECT_NEAR(h, expected, 1e-6 * std::abs(expected));
        EXPECT_NE(h, 0);
    }
}

TEST(Hypergradient, LeavesFrozenTensorsOut) {
    const auto layout = two_tensors();
    layout->slices[0].trainable = false;
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = Sgd{.learning_rate = 0.02}, .rate = maker_of({.beta = 1e-3})}, layout,
                         {.precision = Precision::f64});
    optimizer.step(objective, x);
    double squares = 0;
    for (size_t i = 4; i < 7; ++i)
        squares +=
            objective.slope(i, start()[i]) * objective.slope(i, x.values().at(static_cast<int64_t>(i)));
    EXPECT_NEAR(optimizer.step(objective, x).learning_rate, 0.02 + 1e-3 * squares, 1e-15);
}

// The first step stays where it is, and has a slope all the same: the second has the rate beta ||g||^2.
TEST(Hypergradient, BeginsAtARateOfZero) {
    for (const bool from_rule : {true, false}) {
        Bowl objective = bowl(Precision::f64);
        Parameters x = parameters_at(two_tensors(), start(), Precision::f64);
        const double before = objective.value(x);
        Hypergradient settings{.beta = 1e-4};
        if (!from_rule) settings.start = 0;
        FirstOrder optimizer({.rule = Sgd{.learning_rate = from_rule ? 0 : 0.5}, .rate = maker_of(settings)},
                             x.shared_layout(), {.precision = Precision::f64});
        EXPECT_EQ(optimizer.step(objective, x).learning_rate, 0);
        EXPECT_EQ(x.values().to_doubles(), start());
        double squares = 0;
        for (size_t i = 0; i < 7; ++i) squares += std::pow(objective.slope(i, start()[i]), 2);
        EXPECT_NEAR(optimizer.step(objective, x).learning_rate, 1e-4 * squares, 1e-15);
        for (int i = 0; i < 300; ++i) optimizer.step(objective, x);
        EXPECT_LT(objective.value(x), 0.05 * before);
    }
}

TEST(Hypergradient, TheRateMayBecomeNegativeUnlessItIsTold) {
    const auto least = [](const Hypergradient& settings) {
        const auto rates = course_of(Sgd{.learning_rate = 0.5}, settings, 4, Precision::f64).rates;
        return *std::ranges::min_element(rates);
    };
    EXPECT_LT(least({.beta = 0.05}), -0.1);
    EXPECT_EQ(least({.beta = 0.05, .minimum = 0.0}), 0);
    EXPECT_EQ(least({.beta = 0.05, .minimum = 0.125}), 0.125);
}

TEST(Hypergradient, WhatOverflowsDecidesNothing) {
    Bowl objective = bowl(Precision::f32);
    objective.gradient_scale = 1e25;
    Parameters x = parameters_at(two_tensors(), start(), Precision::f32);
    FirstOrder optimizer({.rule = Sgd{.learning_rate = 1e-27}, .rate = maker_of({})}, x.shared_layout(), {});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(optimizer.step(objective, x).learning_rate, 1e-27);
    EXPECT_EQ(optimizer.rate_counts().at(1).name, "not_finite");
    EXPECT_EQ(optimizer.rate_counts().at(1).count, 2);
}

TEST(Hypergradient, ResumesBitForBit) {
    for (const auto precision : {Precision::f64, Precision::f32}) {
        const FirstOrderOptions options{.rule = Adam{}, .rate = maker_of({}), .schedule = uneven};
        const auto layout = two_tensors();
        Bowl objective = bowl(precision);
        Parameters whole = parameters_at(layout, start(), precision), cut = whole;
        FirstOrder straight(options, layout, {.precision = precision}),
            before(options, layout, {.precision = precision}),
            after(options, layout, {.precision = precision});
        for (int i = 0; i < 11; ++i) straight.step(objective, whole);
        for (int i = 0; i < 5; ++i) before.step(objective, cut);
        copy_state(before.state(), after.state());
        for (int i = 0; i < 6; ++i) after.step(objective, cut);
        EXPECT_EQ(std::memcmp(whole.values().data(), cut.values().data(), whole.values().byte_count()), 0);
    }
}

TEST(Hypergradient, RefusesWhatMakesNoSense) {
    const auto refused = [](const std::string& spec, const std::string& message) {
        try {
            rate_policies().make(Spec::parse(spec))(0.1);
            ADD_FAILURE() << spec;
        } catch (const RequestError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(message)) << spec;
        }
    };
    refused("hypergradient:beta=0", "above 0");
    refused("hypergradient:start=-1", "at least 0");
    refused("hypergradient:start=automatic", "start");
    refused("hypergradient:minimum=-0.1", "at least 0");
    refused("hypergradient:form=multiplicative,start=0", "never leaves a rate of 0");
    EXPECT_NO_THROW(rate_policies().make(Spec::parse("hypergradient:start=auto,minimum=none"))(0.1));
}

}  // namespace
}  // namespace ravine
