#include "ravine/nn/consistency.hpp"

#include <cmath>

#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::expect_refused;
using test::near;
using test::Numbers;

/// The divergences of logits [n, c] each, of which x holds one block behind the other.
Numbers divergences(const Numbers& x, int64_t views, int64_t classes, Precision precision = Precision::f64) {
    const int64_t rows = std::ssize(x) / classes;
    return test::run({.shape = {rows, classes}, .x = x, .precision = precision},
                     [&](Builder&, Value z) { return jensen_shannon(split_views(z, views)); })
        .y;
}

/// By the definition.
double by_hand(const std::vector<Numbers>& logits) {
    std::vector<Numbers> p;
    Numbers m(logits[0].size(), 0);
    for (const auto& z : logits) {
        double total = 0;
        for (const double x : z) total += std::exp(x);
        p.emplace_back();
        for (size_t c = 0; c < z.size(); ++c) {
            p.back().push_back(std::exp(z[c]) / total);
            m[c] += p.back()[c] / static_cast<double>(logits.size());
        }
    }
    double sum = 0;
    for (const auto& q : p)
        for (size_t c = 0; c < q.size(); ++c) sum += q[c] * std::log(q[c] / m[c]);
    return sum / static_cast<double>(logits.size());
}

TEST(JensenShannon, IsTheMeanDivergenceFromTheMixture) {
    const Numbers a{0.3, -1, 2}, b{1, 1, -0.5}, c{-2, 0.7, 0};
    EXPECT_THAT(divergences({0.3, -1, 2, 1, 1, -0.5, -2, 0.7, 0}, 3, 3), near({by_hand({a, b, c})}));
    // Two rows each: the views lie one behind the other.
    EXPECT_THAT(divergences({0.3, -1, 2, 1, 1, -0.5, -2, 0.7, 0, 0.3, -1, 2}, 2, 3),
                near({by_hand({a, c}), by_hand({b, a})}));
    // (1/2, 1/2) and (1/4, 3/4): mixture (3/8, 5/8).
    const double expected = 0.5 * (0.5 * std::log(4.0 / 3) + 0.5 * std::log(0.8) + 0.25 * std::log(2.0 / 3) +
                                   0.75 * std::log(1.2));
    EXPECT_THAT(divergences({0, 0, 0, std::log(3)}, 2, 2), near({expected}));
}

TEST(JensenShannon, LiesBetweenZeroAndTheLogarithmOfTheCount) {
    EXPECT_THAT(divergences({1, 2, 3, 1, 2, 3, 1, 2, 3}, 3, 3), near({0}));
    EXPECT_THAT(divergences({900, 0, 0, 0, 900, 0, 0, 0, 900}, 3, 3), near({std::log(3)}));
    EXPECT_THAT(divergences({900, 0, 0, 0, 900, 0, 0, 0, 900}, 3, 3, Precision::f32),
                near({std::log(3)}, 1e-6));
}

TEST(JensenShannon, GradientAgreesWithDifferences) {
    test::expect_layer_gradient({6, 4}, [](Builder&, Value z) { return jensen_shannon(split_views(z, 3)); });
    // At a tie of all views, where the divergence is least.
    Numbers same;
    for (int view = 0; view < 3; ++view) same.insert(same.end(), {0.5, -1, 2});
    test::expect_layer_gradient({3, 3}, same,
                                [](Builder&, Value z) { return jensen_shannon(split_views(z, 3)); });
}

NetworkOptions options(double consistency, const std::string& loss = "cross-entropy") {
    return {.model = Spec::parse("mlp:hidden=5,activation=tanh,normalization=batch"),
            .loss = Spec::parse(loss),
            .feature_shape = {4},
            .target_count = 3,
            .consistency = consistency};
}

/// A network's training objective on three views of two examples.
struct ThreeViews {
    Network network;
    GraphObjective objective;
    Vector features, targets, weights, buffers;
    Parameters parameters;

    explicit ThreeViews(double consistency)
        : network(options(consistency)),
          objective([this](Graph& graph) { return network.training_graph(graph, 2); },
                    {.precision = Precision::f64}),
          features(test::normal_numbers(24, 3), Precision::f64),
          targets(Numbers{1, 0, 0, 0, 0.3, 0.7}, Precision::f64),
          weights(2, Precision::f64, 1),
          buffers(network.initial_buffers(Precision::f64)),
          parameters(network.parameters(), Precision::f64) {
        network.initialize(parameters, 1);
        Sample sample(2);
        sample.set("features", features);
        sample.set("targets", targets);
        sample.set("example_weights", weights);
        sample.set("buffers", buffers);
        sample.set("consistency", consistency);
        objective.on(sample);
    }
};

TEST(ConsistencyLoss, IsAddedToTheLossOfTheFirstView) {
    ThreeViews two(2), twelve(12);
    const double at_two = two.objective.value(two.parameters),
                 at_twelve = twelve.objective.value(twelve.parameters);
    // By hand from the outputs.
    const auto* outputs = static_cast<const double*>(two.objective.tap("outputs"));
    const auto row = [&](size_t i) { return Numbers(outputs + 3 * i, outputs + 3 * (i + 1)); };
    const Numbers t = two.targets.to_doubles();
    double clean = 0, divergence = 0;
    for (size_t i = 0; i < 2; ++i) {
        const Numbers z = row(i);
        const double log_sum = std::log(std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2]));
        for (size_t c = 0; c < 3; ++c) clean -= t[3 * i + c] * (z[c] - log_sum) / 2;
        divergence += by_hand({z, row(2 + i), row(4 + i)}) / 2;
    }
    EXPECT_NEAR(at_two, clean + 2 * divergence, 1e-12);
    EXPECT_NEAR(at_twelve, clean + 12 * divergence, 1e-12);
    EXPECT_GT(divergence, 1e-3);
}

TEST(ConsistencyLoss, GradientAgreesWithDifferences) {
    ThreeViews views(12);
    test::expect_gradient(views.objective, views.parameters.values().to_doubles());
}

TEST(ConsistencyLoss, RefusesLossesWithoutADistribution) {
    for (const char* loss : {"logistic", "hinge", "squared-error"})
        expect_refused([&] { const Network network(options(12, loss)); }, {loss, "augmix:weight=0"});
    for (const char* loss : {"cross-entropy", "kl", "squared-error:on=probabilities"})
        EXPECT_EQ(Network(options(12, loss)).training_views(), 3);
    EXPECT_EQ(Network(options(0, "hinge")).training_views(), 1);
}

}  // namespace
}  // namespace ravine
