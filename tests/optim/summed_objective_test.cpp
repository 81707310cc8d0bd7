#include "ravine/optim/objective/summed_objective.hpp"

#include <array>
#include <deque>

#include "ravine/graph/ops.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

constexpr int64_t features = 3, hidden = 4, dimension = features * hidden + hidden + 1;

/// Weighted squared errors of a net with one output, whose log precision is learned, and a penalty on its
/// weights.
LossGraph weighted_net(Graph& graph, int64_t batch) {
    const Value x = graph.input("features", {batch, features}), t = graph.input("targets", {batch, 1}),
                weights = graph.input("example_weights", {batch, 1});
    const Value a = graph.parameter("parameters", 0, {features, hidden}),
                b = graph.parameter("parameters", features * hidden, {hidden, 1}),
                s = graph.parameter("parameters", dimension - 1, {1});
    const Value outputs = matmul(tanh(matmul(x, a)), b);
    const Value losses = exp(s) * square(outputs - t) - s;
    return {.loss = mean(losses * weights) + graph.scalar("l2") * (sum(square(a)) + sum(square(b))),
            .outputs = outputs,
            .parameters = {a, b, s}};
}

/// Examples [begin, end) of made data.
struct Examples {
    Vector x, t, weights;
    Sample sample;

    Examples(int64_t begin, int64_t end, Precision precision)
        : x((end - begin) * features, precision),
          t(end - begin, precision),
          weights(end - begin, precision),
          sample(end - begin) {
        for (int64_t i = 0; i < end - begin; ++i) {
            const auto example = static_cast<double>(begin + i);
            for (int64_t j = 0; j < features; ++j)
                x.set(i * features + j, std::sin(3 * example + static_cast<double>(j)));
            t.set(i, std::cos(5 * example));
            weights.set(i, 0.5 + std::fmod(0.7 * example, 2));
        }
        sample.set("features", x);
        sample.set("targets", t);
        sample.set("example_weights", weights);
        sample.set("l2", 0.03);
    }
};

GraphObjective objective_of(int64_t batch, Precision precision) {
    return {[batch](Graph& graph) { return weighted_net(graph, batch); }, {.precision = precision}};
}

/// Ten examples at once, and in chunks of 4, 4 and 2.
struct TenExamples {
    explicit TenExamples(Precision precision)
        : all(0, 10, precision),
          whole(objective_of(10, precision)),
          four(objective_of(4, precision)),
          two(objective_of(2, precision)),
          summed({4, 4, 2},
                 [this](int64_t i) -> Objective& {
                     GraphObjective& chunk = i < 2 ? four : two;
                     chunk.on(chunks[static_cast<size_t>(i)].sample);
                     return chunk;
                 },
                 dimension, {.precision = precision}) {
        for (const int64_t begin : {0, 4, 8})
            chunks.emplace_back(begin, std::min<int64_t>(begin + 4, 10), precision);
        whole.on(all.sample);
    }

    Examples all;
    std::deque<Examples> chunks;
    GraphObjective whole, four, two;
    SummedObjective summed;
};

Parameters made_point(Precision precision) {
    std::vector<double> x;
    for (int i = 0; i < dimension; ++i) x.push_back(std::sin(1.7 * i + 0.3));
    return parameters_at(ParameterLayout::single(dimension), x, precision);
}

TEST(SummedObjective, IsTheObjectiveOfAllExamplesAtOnce) {
    for (const auto precision : {Precision::f64, Precision::f32}) {
        SCOPED_TRACE(to_string(precision));
        const double tolerance = precision == Precision::f64 ? 1e-14 : 3e-6;
        TenExamples net(precision);
        Objective &whole = net.whole, &summed = net.summed;
        const Parameters at = made_point(precision);
        std::vector<double> d;
        for (int i = 0; i < dimension; ++i) d.push_back(std::cos(i));
        const Vector direction(d, precision);
        const auto near = [&](double found, double expected) {
            EXPECT_NEAR(found, expected, tolerance * std::max(1.0, std::abs(expected)));
        };
        near(summed.value(at), whole.value(at));
        Vector ours(dimension, precision, 7),
            theirs(dimension, precision);  // what stood there is overwritten
        near(summed.value_and_gradient(at, ours), whole.value_and_gradient(at, theirs));
        expect_near(ours.to_doubles(), theirs.to_doubles(), tolerance);
        summed.hessian_vector(at, direction, ours), whole.hessian_vector(at, direction, theirs);
        expect_near(ours.to_doubles(), theirs.to_doubles(), tolerance);
        summed.gauss_newton_vector(at, direction, ours), whole.gauss_newton_vector(at, direction, theirs);
        expect_near(ours.to_doubles(), theirs.to_doubles(), tolerance);
        const Along along = summed.along(at, direction, 0.25), expected = whole.along(at, direction, 0.25);
        near(along.value, expected.value);
        near(along.slope, expected.slope);
        near(along.curvature, expected.curvature);
        near(along.gauss_newton, expected.gauss_newton);
        const std::array<double, 3> steps{0, -1, 0.5};
        std::array<double, 3> values{9, 9, 9}, expected_values{};
        summed.values_along(at, direction, steps, values);
        whole.values_along(at, direction, steps, expected_values);
        for (size_t i = 0; i < 3; ++i) near(values[i], expected_values[i]);
    }
}

TEST(SummedObjective, APassOverTheChunksIsOnePass) {
    TenExamples net(Precision::f64);
    const Parameters at = made_point(Precision::f64);
    Vector gradient(dimension, Precision::f64);
    net.summed.value(at);
    EXPECT_EQ(net.summed.work().forward_passes, 1);
    EXPECT_NEAR(net.summed.work().equivalents, 1, 1e-15);
    net.summed.value_and_gradient(at, gradient);
    EXPECT_EQ(net.summed.work().forward_passes, 2);
    EXPECT_EQ(net.summed.work().backward_passes, 1);
    net.whole.value_and_gradient(at, gradient);
    // The penalty, which every chunk has, weighs more beside few examples; the last chunk, two examples of
    // ten, resumed its forward pass.
    EXPECT_NEAR(net.summed.work().equivalents - 1, net.whole.work().equivalents - 0.2, 0.1);
}

TEST(SummedObjective, IsMinimisedByTheSameOptimizers) {
    TenExamples net(Precision::f64);
    const auto layout = ParameterLayout::single(dimension);
    const auto path_end = [&](Objective& objective) {
        Parameters x = made_point(Precision::f64);
        FirstOrder optimizer({.rule = update_rules().make(Spec::parse("momentum:learning_rate=0.05"))},
                             layout, {.precision = Precision::f64});
        for (int i = 0; i < 20; ++i) optimizer.step(objective, x);
        return x.values().to_doubles();
    };
    expect_near(path_end(net.summed), path_end(net.whole), 1e-12);
}

TEST(SummedObjective, HasNoTaps) {
    TenExamples net(Precision::f64);
    Vector gradient(dimension, Precision::f64);
    try {
        net.summed.taps(made_point(Precision::f64), gradient);
        FAIL();
    } catch (const RequestError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("expected the objective of a chunk"));
    }
}

TEST(SummedObjective, WantsPositiveWeights) {
    const auto make = [](const std::vector<double>& weights) {
        SummedObjective(weights, [](int64_t) -> Objective& { throw std::logic_error("not asked for"); }, 3,
                        {});
    };
    EXPECT_NO_THROW(make({1, 2}));
    for (const auto& weights : {std::vector<double>{}, {1, 0}, {2, -1}, {1, INFINITY}, {NAN}})
        EXPECT_THROW(make(weights), std::logic_error);
}

}  // namespace
}  // namespace ravine
