#include "ravine/optim/rate_and_momentum.hpp"

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "tests/optim/support.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

/// sum_i w_i (x_i - c_i)^2 over two tensors, coupled by (x_0 - x_4)^2: least squares, whose Gauss-Newton
/// matrix is the Hessian.
GraphObjective least_squares(Precision precision) {
    return {
        [](Graph& graph) {
            const Value weight = graph.parameter("parameters", 0, {2, 2}),
                        bias = graph.parameter("parameters", 4, {3});
            const Value x = concatenate({reshape(weight, {4}), bias}, 0);
            const Value coupled = slice(x, {0}, {1}) - slice(x, {4}, {1});
            std::vector<Value> residuals;
            for (int64_t i = 0; i < 7; ++i)
                residuals.push_back((1.0 + 2.0 * static_cast<double>(i)) * slice(x, {i}, {1}) -
                                    0.25 * static_cast<double>(i));
            residuals.push_back(coupled);
            const Value outputs = concatenate(residuals, 0);
            return LossGraph{.loss = sum(square(outputs)), .outputs = outputs, .parameters = {weight, bias}};
        },
        {.precision = precision}};
}

/// H d and the gradient of the same in plain numbers.
std::vector<double> times_hessian(const std::vector<double>& d) {
    std::vector<double> result;
    for (size_t i = 0; i < 7; ++i)
        result.push_back(2 * std::pow(1.0 + 2.0 * static_cast<double>(i), 2) * d[i]);
    result[0] += 2 * (d[0] - d[4]);
    result[4] -= 2 * (d[0] - d[4]);
    return result;
}

std::vector<double> gradient_at(const std::vector<double>& x) {
    auto g = times_hessian(x);
    for (size_t i = 0; i < 7; ++i)
        g[i] -= 2 * (1.0 + 2.0 * static_cast<double>(i)) * 0.25 * static_cast<double>(i);
    return g;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double total = 0;
    for (size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
    return total;
}

std::unique_ptr<Optimizer> made(const OptimizerParts& parts, Precision precision,
                                std::shared_ptr<const ParameterLayout> layout = two_tensors()) {
    return make_rate_and_momentum({}, parts, std::move(layout), {.precision = precision});
}

TEST(RateAndMomentum, TakesTheStepsOfConjugateGradientsOnAQuadratic) {
    GraphObjective objective = least_squares(Precision::f64);
    Parameters at = parameters_at(two_tensors(), start(), Precision::f64);
    const auto optimizer = made({}, Precision::f64);
    // Conjugate gradients (Hestenes and Stiefel 1952) in plain numbers.
    std::vector<double> x = start(), r = gradient_at(x), p;
    for (auto& value : r) value = -value;
    p = r;
    for (int step = 0; step < 6; ++step) {
        const auto hp = times_hessian(p);
        const double alpha = dot(r, r) / dot(p, hp), before = dot(r, r);
        for (size_t i = 0; i < 7; ++i) {
            x[i] += alpha * p[i];
            r[i] -= alpha * hp[i];
        }
        const double beta = dot(r, r) / before;
        for (size_t i = 0; i < 7; ++i) p[i] = r[i] + beta * p[i];
        EXPECT_EQ(optimizer->step(objective, at).outcome, StepOutcome::updated);
        for (size_t i = 0; i < 7; ++i)
            EXPECT_NEAR(at.values().at(static_cast<int64_t>(i)), x[i], 1e-9) << step << ": " << i;
    }
    optimizer->step(objective, at);  // as many as there are dimensions
    Vector gradient(7, Precision::f64);
    objective.value_and_gradient(at, gradient);
    for (int64_t i = 0; i < 7; ++i) EXPECT_NEAR(gradient.at(i), 0, 1e-8);
}

TEST(RateAndMomentum, FirstStepByHand) {
    GraphObjective objective = least_squares(Precision::f64);
    Parameters at = parameters_at(two_tensors(), start(), Precision::f64);
    const auto optimizer = made({.schedule = [](int64_t, RunLength) { return 0.5; }}, Precision::f64);
    const auto g = gradient_at(start());
    const double eta = dot(g, g) / dot(g, times_hessian(g));
    const StepReport report = optimizer->step(objective, at);
    EXPECT_NEAR(report.learning_rate, eta / 2, 1e-14);
    EXPECT_NEAR(report.gradient_norm, std::sqrt(dot(g, g)), 1e-10);
    for (size_t i = 0; i < 7; ++i)
        EXPECT_NEAR(at.values().at(static_cast<int64_t>(i)), start()[i] - eta / 2 * g[i], 1e-13);
}

TEST(RateAndMomentum, ClippingBoundsTheStep) {
    GraphObjective objective = least_squares(Precision::f64);
    Parameters at = parameters_at(two_tensors(), start(), Precision::f64);
    const auto optimizer = made({.clipping = {.kind = Clipping::Kind::norm, .limit = 0.01}}, Precision::f64);
    for (int step = 0; step < 3; ++step) {
        const auto before = at.values().to_doubles();
        optimizer->step(objective, at);
        double square = 0;
        for (size_t i = 0; i < 7; ++i)
            square += std::pow(at.values().at(static_cast<int64_t>(i)) - before[i], 2);
        EXPECT_NEAR(std::sqrt(square), 0.01, 1e-12);
    }
}

TEST(RateAndMomentum, GoesOnBitForBitFromItsState) {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        GraphObjective objective = least_squares(precision);
        Parameters at = parameters_at(two_tensors(), start(), precision);
        const auto whole = made({.schedule = uneven}, precision),
                   resumed = made({.schedule = uneven}, precision);
        for (int step = 0; step < 3; ++step) whole->step(objective, at);
        copy_state(whole->state(), resumed->state());
        Parameters other = at;
        for (int step = 0; step < 2; ++step) {
            whole->step(objective, at);
            resumed->step(objective, other);
        }
        EXPECT_EQ(at.values().to_doubles(), other.values().to_doubles());
        EXPECT_EQ(resumed->steps(), 5);
    }
}

TEST(RateAndMomentum, KeepsItsRateWhereNoMinimiserLiesAhead) {
    // Along a plane: no curvature.
    GraphObjective objective(
        [](Graph& graph) {
            const Value x = graph.parameter("parameters", 0, {7});
            return LossGraph{.loss = sum(x), .outputs = x, .parameters = {x}};
        },
        {.precision = Precision::f64});
    Parameters at = parameters_at(two_tensors(), start(), Precision::f64);
    const auto optimizer = made({}, Precision::f64);
    EXPECT_EQ(optimizer->step(objective, at).learning_rate, 0.01);
    EXPECT_DOUBLE_EQ(at.values().at(0), start()[0] - 0.01);
    EXPECT_EQ(optimizer->rate_counts().at(0).count, 1);
}

TEST(RateAndMomentum, RefusesWhatItHasNoUseFor) {
    const auto refused = [](const OptimizerParts& parts, const std::string& what) {
        try {
            made(parts, Precision::f64);
            FAIL() << what;
        } catch (const RequestError& error) {
            EXPECT_THAT(error.what(), HasSubstr(what));
        }
    };
    refused({.rate = rate_policies().make(Spec::parse("exact-newton"))}, "--rate constant");
    refused({.weight_decay = 0.1}, "--l2");
    refused({.clipping = {.kind = Clipping::Kind::value, .limit = 1}}, "--clip norm");
    const auto layout = two_tensors();
    layout->slices[1].rate = 2;
    EXPECT_THROW(made({}, Precision::f64, layout), RequestError);
}

}  // namespace
}  // namespace ravine::test
