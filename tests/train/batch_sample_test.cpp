#include "ravine/train/training/batch_sample.hpp"

#include <numeric>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

Parts spiral() { return load_parts({.dataset = "spiral:examples=200", .seed = 1}); }

NetworkOptions options_for(const std::string& model) {
    return {.model = Spec::parse(model), .feature_shape = {2}, .target_count = 3, .l2 = 0.01};
}

BatchLoader loader_of(const Dataset& data, const Parts& parts, uint64_t seed = 0) {
    return {data, parts.schema.normalization, parts.schema.target_normalization, 20, Precision::f64, nullptr,
            seed};
}

std::vector<int64_t> examples(int64_t first, int64_t count) {
    std::vector<int64_t> result(static_cast<size_t>(count));
    std::iota(result.begin(), result.end(), first);
    return result;
}

TEST(BatchSample, IsWhatTheLoaderHolds) {
    const Parts parts = spiral();
    const Network network(options_for("mlp:hidden=4,normalization=batch"));
    const Vector buffers = network.initial_buffers(Precision::f64);
    BatchLoader loader = loader_of(parts.training, parts, 8);
    loader.load(examples(10, 20), 6);
    Sample sample = batch_sample(network, loader, buffers);
    EXPECT_EQ(sample.examples(), 20);
    EXPECT_EQ(sample.tensor("features"), &loader.features());
    EXPECT_EQ(sample.tensor("targets"), &loader.targets());
    EXPECT_EQ(sample.tensor("example_weights"), &loader.example_weights());
    EXPECT_EQ(sample.tensor("buffers"), &buffers);
    EXPECT_EQ(*sample.scalar("l2"), 0.01);
    EXPECT_EQ(*sample.scalar("temperature"), 1);
    EXPECT_EQ(*sample.scalar("t"), 1);
    EXPECT_EQ(sample.random().seed, 8U);
    EXPECT_EQ(sample.random().step, 6U);
    EXPECT_EQ(sample.random().examples[19], 29);
    const uint64_t version = sample.version();
    sample.set(sample_names::temperature, 2);
    loader.load(examples(0, 5), 7);  // in the same memory
    loader.give_to(sample);
    EXPECT_NE(sample.version(), version);
    EXPECT_EQ(sample.examples(), 5);
    EXPECT_EQ(sample.random().step, 7U);
    EXPECT_EQ(sample.random().examples.size(), 5U);
    EXPECT_EQ(*sample.scalar("temperature"), 2);
}

TEST(BatchSample, OfTheValidationPartIsOneLikeAnyOther) {
    const Parts parts = spiral();
    const Network network(options_for("mlp:hidden=8"));
    const Vector buffers = network.initial_buffers(Precision::f64);
    Parameters parameters(network.parameters(), Precision::f64);
    network.initialize(parameters, 1);
    const int64_t count = std::min<int64_t>(20, parts.validation.size());
    BatchLoader training = loader_of(parts.training, parts), validation = loader_of(parts.validation, parts);
    training.load(examples(0, count));
    validation.load(examples(0, count));
    auto objective = batch_objective(network, count, {.precision = Precision::f64});
    objective->on(batch_sample(network, training, buffers));
    const double trained = objective->value(parameters);
    Sample unpenalised = batch_sample(network, validation, buffers);
    unpenalised.set(sample_names::l2, 0);
    objective->on(unpenalised);
    Evaluator evaluator(network, {.precision = Precision::f64});
    const Dataset part = parts.validation.subset(examples(0, count));
    const Scores scores = evaluator.evaluate(part, parts.schema.normalization,
                                             parts.schema.target_normalization, parameters, buffers);
    EXPECT_NEAR(objective->value(parameters), scores.loss, 1e-12);
    objective->on(batch_sample(network, training, buffers));
    EXPECT_EQ(objective->value(parameters), trained);
}

TEST(BatchSample, WithAnotherKeyHasOtherDropoutMasks) {
    const Parts parts = spiral();
    const Network network(options_for("mlp:hidden=16,dropout=0.5"));
    const Vector buffers = network.initial_buffers(Precision::f64);
    Parameters parameters(network.parameters(), Precision::f64);
    network.initialize(parameters, 1);
    BatchLoader loader = loader_of(parts.training, parts);
    loader.load(examples(0, 20), 3);
    auto objective = batch_objective(network, 20, {.precision = Precision::f64});
    const Sample sample = batch_sample(network, loader, buffers);
    Sample other = sample;
    other.set_random({.seed = 0, .step = 4, .examples = loader.row_keys()});
    objective->on(sample);
    const double loss = objective->value(parameters);
    objective->on(other);
    EXPECT_NE(objective->value(parameters), loss);
    // What they draw belongs to the examples, not to their places.
    auto turned = examples(0, 20);
    std::ranges::reverse(turned);
    loader.load(turned, 3);
    objective->on(batch_sample(network, loader, buffers));
    EXPECT_NEAR(objective->value(parameters), loss, 1e-14);
}

}  // namespace
}  // namespace ravine
