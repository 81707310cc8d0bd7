#include "ravine/optim/objective/sample.hpp"

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

Vector numbers(const std::vector<double>& values) { return {values, Precision::f64}; }

Parameters point(const std::vector<double>& x) {
    return parameters_at(ParameterLayout::single(static_cast<int64_t>(x.size())), x, Precision::f64);
}

/// w sum((theta - y)^2), y of four examples, theta a number.
LossGraph distance(Graph& graph) {
    const Value theta = graph.parameter("parameters", 0, {1});
    const Value y = graph.input("targets", {4});
    return {.loss = graph.scalar("w") * sum(square(broadcast(theta, {4}) - y)), .parameters = {theta}};
}

/// The sum of what a random layer leaves of four parameters.
LossGraph masked(Graph& graph) {
    const Value theta = graph.parameter("parameters", 0, {4});
    return {.loss = sum(theta * random_uniform(graph, {4}, 7)), .parameters = {theta}};
}

Sample sample_of(const Vector& targets, double w) {
    Sample sample(4);
    sample.set("targets", targets);
    sample.set("w", w);
    return sample;
}

TEST(SampleName, IsTheSameForTheSameText) {
    const SampleName one("some name"), same(std::string("some name")), other("another name");
    EXPECT_EQ(one, same);
    EXPECT_FALSE(one == other);
    EXPECT_EQ(one.text(), "some name");
    EXPECT_EQ(other.text(), "another name");
}

TEST(Sample, HoldsWhatWasSet) {
    const Vector y = numbers({1, 2, 3, 4}), z = numbers({0});
    Sample sample = sample_of(y, 0.5);
    EXPECT_EQ(sample.examples(), 4);
    EXPECT_EQ(sample.tensor("targets"), &y);
    EXPECT_EQ(*sample.scalar("w"), 0.5);
    EXPECT_EQ(sample.tensor("w"), nullptr);
    EXPECT_EQ(sample.scalar("targets"), nullptr);
    sample.set("targets", z);
    sample.set("w", 2);
    EXPECT_EQ(sample.tensor("targets"), &z);
    EXPECT_EQ(*sample.scalar("w"), 2);
}

TEST(Sample, EveryChangeIsAnotherVersionAndACopyIsNone) {
    const Vector y = numbers({1, 2, 3, 4});
    Sample sample = sample_of(y, 0.5);
    const Sample same = sample;
    EXPECT_EQ(same.version(), sample.version());
    sample.set("w", 0.5);  // nothing new
    EXPECT_EQ(same.version(), sample.version());
    std::vector<uint64_t> versions{sample.version()};
    const auto expect_new = [&](const auto& change) {
        change();
        for (const uint64_t earlier : versions) EXPECT_NE(sample.version(), earlier) << versions.size();
        versions.push_back(sample.version());
    };
    expect_new([&] { sample.set("w", 0.6); });
    expect_new([&] { sample.set("w", 0.5); });
    expect_new([&] { sample.set("targets", y); });  // its contents may be others
    expect_new([&] { sample.set_random({.seed = 1, .step = 2, .examples = {}}); });
    expect_new([&] { sample.set_examples(3); });
    expect_new([&] { sample.touch(); });
    EXPECT_EQ(same.version(), versions[0]);
    EXPECT_NE(Sample().version(), Sample().version());
}

TEST(Sample, AnotherOneGivesAnotherValueAndTheFirstItsOwnAgain) {
    GraphObjective objective(distance, {.precision = Precision::f64});
    const Vector y = numbers({1, 2, 3, 4}), z = numbers({0, 0, 0, 2});
    const Sample a = sample_of(y, 1), b = sample_of(z, 10);
    const Parameters at = point({1});
    Vector gradient(1, Precision::f64), product(1, Precision::f64);
    const Vector v = numbers({1});
    const auto expect = [&](const Sample& sample, double value, double slope, double curvature) {
        objective.on(sample);
        EXPECT_EQ(objective.value(at), value);
        EXPECT_EQ(objective.value_and_gradient(at, gradient), value);
        EXPECT_EQ(gradient.at(0), slope);
        objective.hessian_vector(at, v, product);
        EXPECT_EQ(product.at(0), curvature);
    };
    expect(a, 0 + 1 + 4 + 9, 2 * (0 - 1 - 2 - 3), 8);
    expect(b, 10 * (1 + 1 + 1 + 1), 20 * (1 + 1 + 1 - 1), 80);
    expect(a, 14, -12, 8);
}

TEST(Sample, WhatIsKeptOfAForwardPassIsOfOneVersion) {
    GraphObjective objective(distance, {.precision = Precision::f64});
    Vector y = numbers({1, 2, 3, 4});
    Sample sample = sample_of(y, 1);
    const Parameters at = point({0});
    Vector gradient(1, Precision::f64);
    objective.on(sample);
    EXPECT_EQ(objective.value(at), 30);
    objective.on(Sample(sample));  // the same again
    EXPECT_EQ(objective.value_and_gradient(at, gradient), 30);
    EXPECT_EQ(objective.work().forward_passes, 1);
    y.set(3, 0);
    sample.touch();
    objective.on(sample);
    EXPECT_EQ(objective.value_and_gradient(at, gradient), 14);
    EXPECT_EQ(gradient.at(0), -12);
    EXPECT_EQ(objective.work().forward_passes, 2);
    // A forward pass on one sample is not resumed on another.
    const Vector zeros = numbers({0, 0, 0, 0});
    const Parameters away = point({2});
    objective.value(away);
    objective.on(sample_of(zeros, 1));
    EXPECT_EQ(objective.value_and_gradient(away, gradient), 16);
    EXPECT_EQ(gradient.at(0), 16);
}

TEST(Sample, WithAnotherKeyHasOtherMasks) {
    GraphObjective objective(masked, {.precision = Precision::f64});
    const Parameters at = point({1, 1, 1, 1});
    Sample first, second;
    first.set_random({.seed = 3, .step = 5, .examples = {}});
    second = first;
    second.set_random({.seed = 3, .step = 6, .examples = {}});
    objective.on(first);
    const double before = objective.value(at);
    objective.on(second);
    EXPECT_NE(objective.value(at), before);
    objective.on(first);
    EXPECT_EQ(objective.value(at), before);
}

TEST(Sample, WithoutWhatTheGraphReadsIsRefused) {
    GraphObjective objective(distance, {.precision = Precision::f64});
    const Vector y = numbers({1, 2, 3, 4});
    const Parameters at = point({0});
    const auto expect_refused = [&](const Sample& sample, const std::string& missing) {
        objective.on(sample);
        try {
            objective.value(at);
            ADD_FAILURE();
        } catch (const std::logic_error& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(missing));
        }
    };
    expect_refused(Sample(4), "tensor 'targets'");
    const Sample whole = sample_of(y, 1);
    objective.on(whole);
    EXPECT_EQ(objective.value(at), 30);
    const Vector zeros = numbers({0, 0, 0, 0});
    Sample unweighted(4);
    unweighted.set("targets", zeros);
    expect_refused(unweighted, "number 'w'");  // not that of the one before
    objective.on(whole);
    EXPECT_EQ(objective.value(at), 30);
    expect_refused(Sample(4), "tensor 'targets'");
}

TEST(Sample, NothingOfAnEarlierOneIsLeft) {
    // Vectors of state need not come from samples; one that did is missed.
    const auto build = [](Graph& graph) {
        const Value theta = graph.parameter("parameters", 0, {1});
        return LossGraph{.loss = sum(theta * graph.parameter("buffers", 0, {1})), .parameters = {theta}};
    };
    GraphObjective objective(build, {.precision = Precision::f64});
    const Parameters at = point({3});
    EXPECT_EQ(objective.value(at), 0);  // memory of the objective's own
    const Vector buffers = numbers({5});
    Sample sample;
    sample.set("buffers", buffers);
    objective.on(sample);
    EXPECT_EQ(objective.value(at), 15);
    objective.on(Sample());
    EXPECT_THROW(objective.value(at), std::logic_error);
}

}  // namespace
}  // namespace ravine
