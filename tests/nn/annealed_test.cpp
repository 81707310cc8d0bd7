#include "ravine/nn/network.hpp"
#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::HasSubstr;

NetworkOptions options_for(const std::string& loss, const std::string& model = "mlp:hidden=5") {
    return {.model = Spec::parse(model),
            .loss = Spec::parse(loss),
            .feature_shape = {2},
            .target_count = 3,
            .annealed = true};
}

Numbers gradient_of(Training& training) {
    Vector gradient(training.parameters.values().size(), training.objective.precision());
    training.objective.value_and_gradient(training.parameters, gradient);
    return gradient.to_doubles();
}

// -log softmax(z / T)_c by hand, from the logits that the graph tells.
TEST(AnnealedLoss, IsThatOfTheOutputsOverTheTemperature) {
    const Network network(options_for("cross-entropy"));
    Training training(network, 4, Precision::f64);
    for (const double temperature : {0.5, 1.0, 3.0}) {
        training.set("temperature", temperature);
        const double loss = training.objective.value(training.parameters);
        const auto* z = static_cast<const double*>(training.objective.tap("outputs"));
        double expected = 0;
        for (int64_t i = 0; i < 4; ++i) {
            double total = 0, right = 0;
            for (int64_t c = 0; c < 3; ++c) {
                total += std::exp(z[i * 3 + c] / temperature);
                right += training.targets.at(i * 3 + c) * z[i * 3 + c] / temperature;
            }
            expected += (std::log(total) - right) / 4;
        }
        EXPECT_NEAR(loss, expected, 1e-12) << temperature;
    }
}

TEST(AnnealedLoss, HasTheGradientOfItsDifferences) {
    for (const char* loss : {"cross-entropy", "kl", "logistic", "squared-error:on=probabilities"}) {
        SCOPED_TRACE(loss);
        const Network network(options_for(loss, "mlp:hidden=5,activation=tanh"));
        Training training(network, 4, Precision::f64);
        training.set("temperature", 2.5);
        expect_gradient(training.objective, training.parameters.values().to_doubles());
    }
}

TEST(AnnealedLoss, HasTheSameGradientInFloatAsInTheReference) {
    const Network network(options_for("cross-entropy"));
    Training single(network, 4, Precision::f32), exact(network, 4, Precision::f64);
    single.set("temperature", 4);
    exact.set("temperature", 4);
    const Numbers a = gradient_of(single), b = gradient_of(exact);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6);
}

TEST(AnnealedLoss, AtTemperatureOneIsThePlainLossToTheLastBit) {
    for (const auto precision : {Precision::f32, Precision::f64}) {
        NetworkOptions options = options_for("cross-entropy");
        const Network annealed(options);
        options.annealed = false;
        const Network plain(options);
        Training a(annealed, 7, precision), b(plain, 7, precision);
        a.set("temperature", 1);
        EXPECT_EQ(gradient_of(a), gradient_of(b));
        EXPECT_EQ(a.objective.value(a.parameters), b.objective.value(b.parameters));
    }
}

// A temperature is a factor 1/T of the last layer: of the model and of its head.
TEST(AnnealedLoss, DividesTheOutputsOfAuxiliaryHeadsToo) {
    NetworkOptions options = options_for("cross-entropy");
    const auto layer = [](const std::string& text) { return LayerDescription{.layer = Spec::parse(text)}; };
    options.description = ModelDescription{
        .name = "two heads",
        .layers = {layer("dense:units=4"), {.layer = Spec::parse("tanh"), .name = "t"}, layer("dense")},
        .heads = {{.at = "t", .weight = 0.5, .layers = {layer("dense")}}}};
    const Network network(options);
    Training hot(network, 4, Precision::f64), scaled(network, 4, Precision::f64);
    hot.set("temperature", 3);
    scaled.set("temperature", 1);
    int tensors = 0;
    for (const auto& slice : network.parameters()->slices) {
        if (!slice.name.starts_with("2.") && !slice.name.starts_with("heads.")) continue;
        ++tensors;
        const auto values = scaled.parameters.write();
        for (int64_t i = slice.offset; i < slice.offset + slice.size(); ++i)
            values->set(i, values->at(i) / 3);
    }
    EXPECT_EQ(tensors, 4);
    EXPECT_NEAR(hot.objective.value(hot.parameters), scaled.objective.value(scaled.parameters), 1e-12);
    expect_gradient(hot.objective, hot.parameters.values().to_doubles());
}

TEST(AnnealedLoss, OfScoresAndValuesIsRefused) {
    expect_refused([] { Network network(options_for("hinge")); }, {"anneal", "'hinge'", "scores"});
    expect_refused([] { Network network(options_for("squared-error")); }, {"anneal", "values"});
    EXPECT_NO_THROW(Network{options_for("binary-kl")});
}

TEST(AnnealedLoss, LeavesEvaluationsAlone) {
    Graph annealed, plain;
    NetworkOptions options = options_for("cross-entropy");
    Network(options).evaluation_graph(annealed, 4);
    options.annealed = false;
    Network(options).evaluation_graph(plain, 4);
    EXPECT_EQ(annealed.nodes().size(), plain.nodes().size());
}

}  // namespace
}  // namespace ravine
