#include "ravine/train/training/layer_monitor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ravine/train/training/batch_sample.hpp"

namespace ravine::test {
namespace {

/// Values to learn from one number each, the examples with target 0.
Dataset numbers(const std::vector<float>& x) {
    Dataset data{.name = "numbers", .task = Task::regression, .feature_shape = {1}};
    data.features = Rows<float>(x);
    data.values.assign(x.size(), 0);
    data.output_count = 1;
    return data;
}

/// The layers of a model that maps a number to a number, at the given parameters.
std::vector<LayerState> look(const std::string& model, const std::vector<float>& x,
                             const std::vector<double>& parameters) {
    const Network network({.model = Spec::parse(model),
                           .loss = Spec::parse("squared-error"),
                           .feature_shape = {1},
                           .target_count = 1,
                           .task = Task::regression});
    const Dataset data = numbers(x);
    const Normalization identity = Normalization::identity(1);
    const auto batch = static_cast<int64_t>(x.size());
    BatchLoader loader(data, identity, identity, batch, Precision::f64);
    std::vector<int64_t> examples(x.size());
    for (size_t i = 0; i < x.size(); ++i) examples[i] = static_cast<int64_t>(i);
    loader.load(examples);
    const Vector buffers = network.initial_buffers(Precision::f64);
    LayerMonitor monitor(network, batch_sample(network, loader, buffers), {.precision = Precision::f64});
    Parameters at(network.parameters(), Precision::f64);
    at.write()->assign(Vector(parameters, Precision::f64));
    return monitor.look(at);
}

TEST(LayerMonitor, AHandWorkedNetWithADeadUnit) {
    // h = relu(x w + b), w = (1, -1, 0), b = (0, 0, -1); y = h (2, 3, 5)' + 1/2, at x = 1 and x = -1: before
    // the ReLU (1, -1, -1) and (-1, 1, -1), after it (1, 0, 0) and (0, 1, 0), y = 2.5 and 3.5.
    const auto layers = look("mlp:hidden=3", {1, -1}, {1, -1, 0, 0, 0, -1, 2, 3, 5, 0.5});
    ASSERT_EQ(layers.size(), 3u);
    const LayerState &dense = layers[0], &relu = layers[1], &outputs = layers[2];

    EXPECT_EQ(dense.kind, "dense");
    EXPECT_EQ(dense.units, 3);
    EXPECT_NEAR(dense.mean, -1.0 / 3, 1e-15);
    EXPECT_NEAR(dense.deviation, std::sqrt(8.0 / 9), 1e-15);
    EXPECT_TRUE(std::isnan(dense.dead));

    EXPECT_EQ(relu.kind, "relu");
    EXPECT_NEAR(relu.mean, 1.0 / 3, 1e-15);
    EXPECT_NEAR(relu.deviation, std::sqrt(2.0 / 9), 1e-15);
    EXPECT_NEAR(relu.zero, 4.0 / 6, 1e-15);
    EXPECT_NEAR(relu.dead, 1.0 / 3, 1e-15);  // the third
    EXPECT_TRUE(std::isnan(relu.saturated));

    EXPECT_EQ(outputs.kind, "dense");
    EXPECT_EQ(outputs.units, 1);
    EXPECT_NEAR(outputs.mean, 3, 1e-15);
    EXPECT_NEAR(outputs.deviation, 0.5, 1e-15);

    // An example's loss is y^2: derivatives 5 and 7 by y, times (2, 3, 5) by h, and by what is before the
    // ReLU where that is positive.
    EXPECT_NEAR(outputs.gradient, std::sqrt((25.0 + 49) / 2), 1e-13);
    EXPECT_NEAR(relu.gradient, std::sqrt((25.0 + 49) * (4 + 9 + 25) / 6), 1e-13);
    EXPECT_NEAR(dense.gradient, std::sqrt((10.0 * 10 + 21 * 21) / 6), 1e-13);
}

TEST(LayerMonitor, CountsSaturation) {
    // tanh 2.4 = 0.984 is within 1 % of the range 2 of the bound 1, tanh 2.2 = 0.976 is not.
    const auto tanh = look("mlp:hidden=1,activation=tanh", {2.4F, 2.2F, -3, 0}, {1, 0, 1, 0});
    EXPECT_NEAR(tanh[1].saturated, 0.5, 1e-15);
    EXPECT_TRUE(std::isnan(tanh[1].dead));
    // sigmoid 4.7 = 0.991 is within 1 % of the range 1, sigmoid 4.5 = 0.989 is not.
    const auto sigmoid = look("mlp:hidden=1,activation=sigmoid", {4.7F, 4.5F, -5, 0}, {1, 0, 1, 0});
    EXPECT_NEAR(sigmoid[1].saturated, 0.5, 1e-15);
}

TEST(LayerMonitor, NamesLayersAsTheirTensors) {
    std::vector<std::string> names, kinds;
    const auto layers = look("mlp:hidden=2,normalization=batch,dropout=0.5", {1, 2, 4},
                             std::vector<double>(2 + 2 + 2 + 2 + 1, 0.5));
    for (const auto& layer : layers) {
        names.push_back(layer.name);
        kinds.push_back(layer.kind);
    }
    EXPECT_THAT(names, testing::ElementsAre("0", "1", "2", "4"));
    EXPECT_THAT(kinds, testing::ElementsAre("dense", "batch-norm", "relu", "dense"));
}

}  // namespace
}  // namespace ravine::test
