#include "ravine/optim/functions/functions.hpp"

#include "ravine/core/error.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

Function named(const std::string& spec) { return functions().make(Spec::parse(spec)); }

/// The functions as they are, and some of more variables.
std::vector<Function> all_functions() {
    std::vector<Function> all;
    for (const auto& entry : functions().entries()) all.push_back(named(entry.name));
    for (const char* spec : {"sphere:dimension=5", "quadratic:condition=50,dimension=7",
                             "rosenbrock:dimension=6", "cliff:height=3,width=0.4", "quadratic:dimension=1"})
        all.push_back(named(spec));
    return all;
}

struct Evaluated {
    explicit Evaluated(const Function& function)
        : function(function), objective(function.objective({.precision = Precision::f64})) {}

    double value(const std::vector<double>& x) {
        return objective.value(parameters_at(function.layout(), x, Precision::f64));
    }
    std::vector<double> gradient(const std::vector<double>& x) {
        Vector g(function.dimension, Precision::f64);
        objective.value_and_gradient(parameters_at(function.layout(), x, Precision::f64), g);
        return g.to_doubles();
    }

    Function function;
    GraphObjective objective;
};

/// A point away from symmetries, within the plotted range.
std::vector<double> somewhere(const Function& function, double seed) {
    std::vector<double> x;
    for (int64_t i = 0; i < function.dimension; ++i)
        x.push_back(0.4 * (function.high - function.low) / 2 * std::sin(seed + 1.7 * static_cast<double>(i)));
    return x;
}

TEST(Functions, MinimaHaveTheMinimumAndNoSlope) {
    for (const auto& function : all_functions()) {
        Evaluated f(function);
        EXPECT_EQ(function.start.size(), static_cast<size_t>(function.dimension)) << function.name;
        for (const auto& minimum : function.minima) {
            EXPECT_NEAR(f.value(minimum), function.minimum, 1e-20) << function.name;
            for (const double g : f.gradient(minimum)) EXPECT_NEAR(g, 0, 1e-9) << function.name;
            EXPECT_GT(f.value(function.start), function.minimum) << function.name;
        }
        for (double seed = 1; seed < 20; ++seed)
            EXPECT_GT(f.value(somewhere(function, seed)), function.minimum) << function.name;
    }
}

TEST(Functions, GradientsAreThoseOfFiniteDifferences) {
    for (const auto& function : all_functions()) {
        Evaluated f(function);
        for (double seed = 1; seed < 4; ++seed) {
            const auto x = somewhere(function, seed), g = f.gradient(x);
            for (size_t i = 0; i < x.size(); ++i) {
                auto ahead = x, behind = x;
                ahead[i] += 1e-5;
                behind[i] -= 1e-5;
                const double difference = (f.value(ahead) - f.value(behind)) / 2e-5;
                EXPECT_NEAR(g[i], difference, 1e-5 * std::max(1.0, std::abs(difference))) << function.name;
            }
        }
    }
}

TEST(Functions, ValuesWorkedByHand) {
    EXPECT_DOUBLE_EQ(Evaluated(named("sphere")).value({3, 4}), 25);
    EXPECT_DOUBLE_EQ(Evaluated(named("quadratic:condition=10")).value({3, 4}), 4.5 + 80);
    EXPECT_DOUBLE_EQ(Evaluated(named("quadratic:condition=16,dimension=5")).value({1, 1, 1, 1, 1}), 15.5);
    EXPECT_DOUBLE_EQ(Evaluated(named("rosenbrock")).value({-1.2, 1}), 24.2);
    EXPECT_DOUBLE_EQ(Evaluated(named("rosenbrock:dimension=3")).value({2, 1, 3}), 900 + 1 + 400);
    EXPECT_DOUBLE_EQ(Evaluated(named("beale")).value({1, 1}), 2.25 + 5.0625 + 6.890625);
    EXPECT_DOUBLE_EQ(Evaluated(named("himmelblau")).value({0, 0}), 170);
    EXPECT_DOUBLE_EQ(Evaluated(named("booth")).value({0, 0}), 74);
    EXPECT_DOUBLE_EQ(Evaluated(named("monkey-saddle")).value({2, 1}), 2);
    EXPECT_DOUBLE_EQ(Evaluated(named("coupled:alpha=0.5")).value({1, 3}), 9);
    EXPECT_DOUBLE_EQ(Evaluated(named("cliff:height=8,width=0.5")).value({0.25, 2}), 0.05 * (1.5625 + 4) + 4);
    EXPECT_DOUBLE_EQ(Evaluated(named("cliff")).value({-3, 0}), 0.2);
    EXPECT_DOUBLE_EQ(Evaluated(named("cliff")).value({1, 0}), 10.2);
}

TEST(Functions, TheCliffThrowsADescentFarAwayUnlessItIsClipped) {
    const Function cliff = named("cliff");
    const auto farthest = [&](const std::string& rule, Clipping clipping) {
        GraphObjective objective = cliff.objective({.precision = Precision::f64});
        Parameters x = cliff.starting_point(Precision::f64);
        FirstOrder optimizer({.rule = update_rules().make(Spec::parse(rule)), .clipping = clipping},
                             cliff.layout(), {.precision = Precision::f64});
        double distance = 0;
        for (int i = 0; i < 200; ++i) {
            optimizer.step(objective, x);
            distance = std::max(distance, std::abs(x.values().at(0)));
        }
        return distance;
    };
    // Where on the wall a step lands depends on the rate.
    double thrown = 0;
    for (const char* rule : {"sgd:learning_rate=0.2", "sgd:learning_rate=0.25", "sgd:learning_rate=0.3"}) {
        thrown = std::max(thrown, farthest(rule, {}));
        EXPECT_LT(farthest(rule, {Clipping::Kind::norm, 1}), 1.5) << rule;
    }
    EXPECT_GT(thrown, 20);
}

/// Steps until the point is within 1e-3 of one of the minima, or the limit.
int steps_to_minimum(const std::string& function_spec, const std::string& rule, int limit) {
    const Function function = named(function_spec);
    GraphObjective objective = function.objective({.precision = Precision::f64});
    Parameters x = function.starting_point(Precision::f64);
    FirstOrder optimizer({.rule = update_rules().make(Spec::parse(rule))}, function.layout(),
                         {.precision = Precision::f64});
    for (int step = 1; step <= limit; ++step) {
        optimizer.step(objective, x);
        for (const auto& minimum : function.minima) {
            double distance = 0;
            for (size_t i = 0; i < minimum.size(); ++i)
                distance = std::max(distance, std::abs(x.values().at(static_cast<int64_t>(i)) - minimum[i]));
            if (distance < 1e-3) return step;
        }
    }
    return limit + 1;
}

void expect_reaches(const std::string& function, const std::string& rule, int evaluations) {
    EXPECT_LE(steps_to_minimum(function, rule, evaluations), evaluations) << function << " " << rule;
}

TEST(Functions, SuitableRulesReachTheMinimaWithinStatedEvaluations) {
    expect_reaches("rosenbrock", "momentum:learning_rate=0.0005,momentum=0.95", 2000);
    expect_reaches("rosenbrock", "nesterov:learning_rate=0.0005,momentum=0.95", 2000);
    expect_reaches("rosenbrock", "adam:learning_rate=0.02", 4000);
    expect_reaches("rosenbrock", "nadam:learning_rate=0.005", 8000);
    expect_reaches("rosenbrock:dimension=4", "adam:learning_rate=0.02", 6000);
    expect_reaches("beale", "nesterov:learning_rate=0.01", 300);
    expect_reaches("beale", "adam:learning_rate=0.05", 600);
    expect_reaches("beale", "rmsprop:learning_rate=0.001", 3000);
    expect_reaches("himmelblau", "sgd:learning_rate=0.01", 40);
    expect_reaches("himmelblau", "adagrad:learning_rate=1", 20);
    expect_reaches("himmelblau", "adam:learning_rate=0.1", 200);
    expect_reaches("himmelblau", "rmsprop-nesterov:learning_rate=0.001", 400);
    expect_reaches("booth", "nesterov:learning_rate=0.05", 60);
    expect_reaches("booth", "delta-bar-delta:learning_rate=0.01", 120);
    expect_reaches("booth", "adadelta", 1500);
    expect_reaches("quadratic", "momentum:learning_rate=0.03", 200);
    expect_reaches("quadratic:condition=1000,dimension=20", "nesterov:learning_rate=0.001,momentum=0.95",
                   400);
    expect_reaches("coupled", "sgd:learning_rate=0.4", 1200);
}

TEST(Functions, LargeOnesCompile) {
    const Function large = named("quadratic:dimension=100000,condition=1e4");
    GraphObjective objective = large.objective({.precision = Precision::f32, .threads = 2});
    // 1/2 of the mean of 10^(4 s) over s in [0, 1], times n.
    const double expected = 0.5 * (1e4 - 1) / (4 * std::log(10.0)) * 1e5;
    EXPECT_NEAR(objective.value(large.starting_point(Precision::f32)) / expected, 1, 1e-3);
}

TEST(Functions, BadSettingsAreRefused) {
    EXPECT_THROW(named("rosenbrock:dimension=1"), RequestError);
    EXPECT_THROW(named("sphere:dimension=0"), RequestError);
    EXPECT_THROW(named("quadratic:condition=0.5"), RequestError);
    EXPECT_THROW(named("cliff:width=0"), RequestError);
    EXPECT_THROW(named("rosenbroc"), RequestError);
}

}  // namespace
}  // namespace ravine
