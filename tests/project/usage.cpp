// What the comments of headers show as usage, so that it compiles and does what it says: usage_test.cpp finds
// every line of theirs here, or in the tests of the header.
#include <gtest/gtest.h>

#include <filesystem>

#include "ravine/graph/ops.hpp"
#include "ravine/optim/objective/summed_objective.hpp"
#include "ravine/optim/rules/adam.hpp"
#include "ravine/ravine.hpp"
#include "ravine/train/training/full_batch.hpp"
#include "ravine/train/training/rate_suggestion.hpp"

namespace ravine {
namespace {

// clang-format off

constexpr CompileOptions compile{.precision = Precision::f64};

TEST(Usage, OfGraphsAndPrograms) {
    const Vector numbers(std::vector<double>{1, 2, 3}, Precision::f64);
    Graph graph;
    const Value x = graph.input("x", {3});
    const Value y = sum(square(x)) + graph.scalar("c");
    Workspace workspace(Program::compile(graph, {{y, "y"}}, {.precision = Precision::f64}));
    const Program& program = workspace.program();
    workspace.bind(program.storage("x"), numbers);
    workspace.set_scalar(program.scalar("c"), 1);
    workspace.run();
    const double result = workspace.value(program.storage("y"));
    EXPECT_EQ(result, 15);
}

TEST(Usage, OfObjectivesAndOptimizers) {
    Parameters at(ParameterLayout::single(3), Precision::f64);
    const Vector values(std::vector<double>{1, 2, 3}, Precision::f64);
    at.write()->assign(values);
    GraphObjective objective(
        [](Graph& graph) {
            const Value x = graph.parameter("parameters", 0, {3});
            return LossGraph{.loss = sum(square(x)), .parameters = {x}};
        },
        {.precision = Precision::f64});
    Vector gradient(3, Precision::f64), product(3, Precision::f64);
    const double loss = objective.value_and_gradient(at, gradient);
    objective.hessian_vector(at, gradient, product);
    EXPECT_EQ(loss, 14);
    EXPECT_EQ(product.at(2), 12);

    const auto adam = optimizers().make(Spec::parse("adam:beta2=0.99"))({}, at.shared_layout(), compile);
    const StepReport report = adam->step(objective, at);
    EXPECT_EQ(report.outcome, StepOutcome::updated);
    EXPECT_LT(objective.value(at), loss);
}

TEST(Usage, OfSamples) {
    const Vector features(32, Precision::f64, 2);
    GraphObjective objective(
        [](Graph& graph) {
            const Value x = graph.parameter("parameters", 0, {1});
            return LossGraph{.loss = sum(graph.input("features", {32})) + graph.scalar("l2") * sum(x), .parameters = {x}};
        },
        compile);
    Sample batch(32);
    batch.set("features", features);
    batch.set("l2", 0.01);
    objective.on(batch);
    Parameters at(ParameterLayout::single(1), Precision::f64);
    at.write()->fill(100);
    EXPECT_EQ(objective.value(at), 65);
}

TEST(Usage, OfFullBatches) {
    const Parts parts = load_parts({.dataset = "spiral:examples=90"});
    const Network network({.model = Spec::parse("mlp:hidden=4"), .feature_shape = {2}, .target_count = 3});
    Parameters parameters(network.parameters(), Precision::f64);
    network.initialize(parameters, 1);
    const Vector buffers = network.initial_buffers(Precision::f64);
    const Normalization &normalization = parts.schema.normalization, &target_normalization = parts.schema.target_normalization;
    FirstOrder optimizer({.rule = Adam{}}, network.parameters(), compile);
    FullBatch batch(network, parts.training, normalization, target_normalization, buffers, 1000, compile);
    optimizer.step(batch.objective(), parameters);
    EXPECT_EQ(optimizer.steps(), 1);
}

TEST(Usage, OfSums) {
    const auto square_of = [](double factor) {
        return [factor](Graph& graph) {
            const Value x = graph.parameter("parameters", 0, {1});
            return LossGraph{.loss = factor * sum(square(x)), .parameters = {x}};
        };
    };
    const int64_t dimension = 1;
    GraphObjective thousand(square_of(1), compile), rest(square_of(6), compile);
    const std::vector<Sample> samples(3);
    SummedObjective full({1000, 1000, 500}, [&](int64_t i) -> Objective& {
        GraphObjective& chunk = i < 2 ? thousand : rest;
        chunk.on(samples[i]);
        return chunk;
    }, dimension, {.precision = Precision::f64, .threads = 2});
    Parameters at(ParameterLayout::single(1), Precision::f64);
    at.write()->fill(1);
    EXPECT_NEAR(full.value(at), 2, 1e-15);  // (1000 + 1000 + 500 * 6) / 2500
}

TEST(Usage, OfNetworksAndRules) {
    const Network network({.model = Spec::parse("mlp:hidden=16"), .feature_shape = {2}, .target_count = 3});
    Parameters weights(network.parameters(), Precision::f32);
    network.initialize(weights, 1);
    struct SignDescent {
        double learning_rate = 0.01;
        Value update(RuleGraph& r) const { return r.theta - r.learning_rate * sign(r.gradient); }
    };
    FirstOrder optimizer({.rule = SignDescent{}}, weights.shared_layout(), {});
    EXPECT_EQ(optimizer.steps(), 0);
}

TEST(Usage, OfDataAndTraining) {
    {
        const Parts parts = load_parts({.dataset = "spiral:noise=0.2", .seed = 1});
        const int64_t examples = parts.training.size();
        EXPECT_EQ(examples, 1800);
    }
    const auto parts = std::make_shared<const Parts>(load_parts({.dataset = "spiral"}));
    Training training({.optimizer = optimizers().make(Spec::parse("adam")),
                       .network = {.model = Spec::parse("mlp:hidden=64-64")}},
                      parts);
    training.run();
    const double accuracy = training.evaluate(parts->test).accuracy;
    EXPECT_GT(accuracy, 0.9);
}

TEST(Usage, OfRateSweeps) {
    const auto parts = std::make_shared<const Parts>(load_parts({.dataset = "spiral:examples=90"}));
    const Training training({.optimizer = optimizers().make(Spec::parse("adam")),
                             .network = {.model = Spec::parse("mlp:hidden=16")}},
                            parts);
    const RateSweep sweep = sweep_rates(training, {.from = 1e-6, .to = 1});
    const RateSuggestion suggestion = suggest_rate(sweep);
    EXPECT_GT(suggestion.rate.value_or(0), 1e-5);
}

// What is thrown within the braces must not destroy what was built there twice.
TEST(Usage, OfATrainingWithAWrongName) {
    const auto parts = std::make_shared<const Parts>(load_parts({.dataset = "spiral:examples=90"}));
    const auto train = [&](const char* model, const char* optimizer) {
        Training training({.optimizer = optimizers().make(Spec::parse(optimizer)),
                           .network = {.model = Spec::parse(model)}},
                          parts);
    };
    EXPECT_THROW(train("mlp:hidden=8-8", "adamm"), RequestError);
    EXPECT_THROW(train("mlp:hidden=8-8", "adam:beta1=7"), RequestError);
    EXPECT_THROW(train("mlp:hidden", "adam:beta1=0.5,beta2=0.75"), RequestError);
    EXPECT_THROW(train("mpl:hidden=8-8", "adam"), RequestError);
}

TEST(Usage, OfListenersAndCheckpoints) {
    const auto parts = std::make_shared<const Parts>(load_parts({.dataset = "spiral:examples=90"}));
    Training training({.optimizer = optimizers().make(Spec::parse("adam")),
                       .network = {.model = Spec::parse("mlp:hidden=4")},
                       .train = {.epochs = 2}},
                      parts);
    struct Losses : TrainListener {
        std::vector<double> after_epochs;
        void on_evaluation(const EvaluationEvent& event) override {
            after_epochs.push_back(event.validation.loss);
        }
    };
    Losses losses;
    training.run({&losses});
    EXPECT_EQ(losses.after_epochs.size(), 2U);

    const auto path = std::filesystem::path(testing::TempDir()) / "usage-checkpoint.safetensors";
    const std::vector<double> before = training.parameters().values().to_doubles();
    write_checkpoint(path, training.state(), training.parameters(), training.network().buffers(),
                     training.buffers(), training.kept());
    training.parameters().write()->fill(0);
    read_checkpoint(path, training.state(), training.parameters(), training.network().buffers(),
                    training.buffers(), training.kept());
    EXPECT_EQ(training.parameters().values().to_doubles(), before);
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace ravine
