#include "ravine/nn/layers.hpp"

#include <algorithm>
#include <numeric>

#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::Case;
using test::expect_layer_gradient;
using test::names_and_shapes;
using test::near;
using test::Numbers;
using test::run;

/// 1, 2, 3, ...
Numbers counting(size_t count) {
    Numbers values(count);
    std::iota(values.begin(), values.end(), 1.0);
    return values;
}

TEST(Dense, MultipliesByTheTransposedWeightAndAddsTheBias) {
    const auto layer = [](Builder& b, Value x) { return dense(b, x, 3); };
    const auto result =
        run({.shape = {2, 2}, .x = {1, 2, 3, -1}, .parameters = {1, 2, 0, -1, 3, 1, 10, 20, 30}}, layer);
    EXPECT_EQ(result.shape, (Shape{2, 3}));
    EXPECT_THAT(result.y, near({15, 18, 35, 11, 21, 38}));
    EXPECT_THAT(names_and_shapes(result.parameters), testing::ElementsAre("weight[3, 2]", "bias[3]"));
    EXPECT_TRUE(result.parameters.slices[0].decays);
    EXPECT_FALSE(result.parameters.slices[1].decays);
    expect_layer_gradient({2, 2}, layer);
}

TEST(Dense, WithoutBias) {
    const auto result = run({.shape = {1, 2}, .x = {1, 2}, .parameters = {3, 4}},
                            [](Builder& b, Value x) { return dense(b, x, 1, {.bias = false}); });
    EXPECT_THAT(result.y, near({11}));
    EXPECT_THAT(names_and_shapes(result.parameters), testing::ElementsAre("weight[1, 2]"));
}

TEST(Dense, StartsAfterGlorotWithBiasZero) {
    Graph graph;
    Builder builder(graph, Mode::training);
    dense(builder, graph.input("x", {2, 40}), 60);
    RandomSequence random({});
    Numbers weights(2400), bias(60, 7);
    builder.initializers()[0]({60, 40}, random, weights);
    builder.initializers()[1]({60}, random, bias);
    const double bound = std::sqrt(6.0 / 100);
    EXPECT_LE(*std::ranges::max_element(weights), bound);
    EXPECT_GT(*std::ranges::max_element(weights), 0.98 * bound);
    EXPECT_LT(*std::ranges::min_element(weights), -0.98 * bound);
    EXPECT_THAT(bias, testing::Each(0));
}

TEST(Convolution, CrossCorrelatesAndAddsTheBias) {
    const auto layer = [](Builder& b, Value x) { return convolution(b, x, 1, {.kernel = 2}); };
    const auto result =
        run({.shape = {1, 3, 3, 1}, .x = counting(9), .parameters = {1, 2, 3, 4, 0.5}}, layer);
    EXPECT_EQ(result.shape, (Shape{1, 2, 2, 1}));
    EXPECT_THAT(result.y, near({37.5, 47.5, 67.5, 77.5}));
    EXPECT_THAT(names_and_shapes(result.parameters), testing::ElementsAre("weight[1, 1, 2, 2]", "bias[1]"));
    EXPECT_FALSE(result.parameters.slices[1].decays);
    expect_layer_gradient({2, 3, 3, 2}, [](Builder& b, Value x) { return convolution(b, x, 2); });
}

TEST(Convolution, StrideAndPadding) {
    const auto layer = [](Builder& b, Value x) {
        return convolution(b, x, 1, {.kernel = 2, .stride = 2, .padding = 1, .bias = false});
    };
    const auto result = run({.shape = {1, 3, 3, 1}, .x = counting(9), .parameters = {1, 2, 3, 4}}, layer);
    EXPECT_EQ(result.shape, (Shape{1, 2, 2, 1}));
    EXPECT_THAT(result.y, near({4, 18, 36, 77}));
    EXPECT_EQ(result.parameters.slices.size(), 1U);
    expect_layer_gradient({2, 3, 3, 1}, layer);
}

TEST(Convolution, ChannelsAreTheLastAxisOfImagesAndTheSecondOfKernels) {
    // Two pixels of two channels.
    const auto result =
        run({.shape = {1, 1, 2, 2}, .x = {1, 10, 2, 20}, .parameters = {1, 2, 3, 4, 5, 6, 0, 0, 100}},
            [](Builder& b, Value x) { return convolution(b, x, 3, {.kernel = 1}); });
    EXPECT_EQ(result.shape, (Shape{1, 1, 2, 3}));
    EXPECT_THAT(result.y, near({21, 43, 165, 42, 86, 230}));
}

TEST(Pooling, TheMaximumOfEachWindowAndTheLastOddRowIsLeftOut) {
    const auto layer = [](Builder& b, Value x) { return Sequential(b, x).max_pool().output(); };
    const auto result =
        run({.shape = {1, 3, 4, 1}, .x = {-1, -2, 7, 3, -4, -3, 5, 6, 99, 99, 99, 99}}, layer);
    EXPECT_EQ(result.shape, (Shape{1, 1, 2, 1}));
    EXPECT_THAT(result.y, near({-1, 7}));
    expect_layer_gradient({2, 4, 4, 2}, layer);
}

TEST(Pooling, GeometryIsPassedOn) {
    // Windows of 3 at steps of 1 with a border of 1: padding never wins, not even over negative numbers.
    const auto result = run({.shape = {1, 2, 2, 1}, .x = {-1, -2, -3, -4}}, [](Builder& b, Value x) {
        return Sequential(b, x).max_pool({.kernel = 3, .stride = 1, .padding = 1}).output();
    });
    EXPECT_THAT(result.y, near({-1, -1, -1, -1}));
}

TEST(Pooling, GlobalAverageIsTheMeanOfEachChannel) {
    const auto layer = [](Builder&, Value x) { return global_average_pool(x); };
    const auto result = run({.shape = {2, 1, 3, 2}, .x = {1, 10, 2, 20, 6, 60, -1, 0, -2, 0, -3, 3}}, layer);
    EXPECT_EQ(result.shape, (Shape{2, 2}));
    EXPECT_THAT(result.y, near({3, 30, -2, 1}));
    expect_layer_gradient({2, 2, 3, 2}, layer);
}

TEST(Flatten, ElementsFollowInPyTorchsOrder) {
    // Two examples of two rows, two columns and two channels: PyTorch lists channel after channel.
    const auto layer = [](Builder&, Value x) { return flatten(x); };
    const auto result = run({.shape = {2, 2, 2, 2}, .x = counting(16)}, layer);
    EXPECT_EQ(result.shape, (Shape{2, 8}));
    EXPECT_THAT(result.y, near({1, 3, 5, 7, 2, 4, 6, 8, 9, 11, 13, 15, 10, 12, 14, 16}));
    expect_layer_gradient({2, 2, 1, 3}, layer);
}

TEST(Flatten, OtherShapesKeepTheirOrder) {
    const auto layer = [](Builder&, Value x) { return flatten(x); };
    EXPECT_EQ(run({.shape = {3}, .x = {1, 2, 3}}, layer).shape, (Shape{3, 1}));
    const auto result = run({.shape = {1, 2, 3}, .x = counting(6)}, layer);
    EXPECT_EQ(result.shape, (Shape{1, 6}));
    EXPECT_THAT(result.y, near(counting(6)));
}

/// One column with mean 3, biased variance 3.5 and unbiased variance 14/3; another with 10 times the numbers.
const Numbers two_columns{1, 10, 2, 20, 3, 30, 6, 60};

TEST(BatchNorm, TrainingUsesTheBiasedVarianceOfTheBatch) {
    const auto layer = [](Builder& b, Value x) { return batch_norm(b, x); };
    const auto result = run({.shape = {4, 2},
                             .x = two_columns,
                             .parameters = {2, 1, 0.5, -1},  // gamma, beta
                             .buffers = {100, 100, 100, 100}},
                            layer);
    Numbers expected;
    for (const double x : {1, 2, 3, 6}) {
        expected.push_back(2 * (x - 3) / std::sqrt(3.5 + 1e-5) + 0.5);
        expected.push_back((10 * x - 30) / std::sqrt(350 + 1e-5) - 1);
    }
    EXPECT_THAT(result.y, near(expected));
    EXPECT_THAT(names_and_shapes(result.parameters), testing::ElementsAre("weight[2]", "bias[2]"));
    EXPECT_THAT(names_and_shapes(result.buffers), testing::ElementsAre("running_mean[2]", "running_var[2]"));
    for (const auto& slice : result.parameters.slices) EXPECT_FALSE(slice.decays) << slice.name;
    for (const auto& slice : result.buffers.slices) EXPECT_FALSE(slice.trainable) << slice.name;
    expect_layer_gradient({4, 2}, layer);
}

TEST(BatchNorm, RunningStatisticsMoveByATenthTowardsMeanAndUnbiasedVariance) {
    const auto result =
        run({.shape = {4, 2}, .x = two_columns, .parameters = {1, 1, 0, 0}, .buffers = {1, 2, 3, 4}},
            [](Builder& b, Value x) { return batch_norm(b, x); });
    EXPECT_THAT(result.new_buffers, near({0.9 * 1 + 0.1 * 3, 0.9 * 2 + 0.1 * 30, 0.9 * 3 + 0.1 * 14 / 3,
                                          0.9 * 4 + 0.1 * 1400 / 3}));
}

TEST(BatchNorm, OfImagesIsOverExamplesRowsAndColumns) {
    const auto layer = [](Builder& b, Value x) {
        return batch_norm(b, x, {.epsilon = 0.5, .momentum = 0.3});
    };
    const Case c{
        .shape = {2, 1, 2, 2}, .x = two_columns, .parameters = {1, 1, 0, 0}, .buffers = {0, 0, 1, 1}};
    const auto result = run(c, layer);
    EXPECT_NEAR(result.y[6], 3 / std::sqrt(3.5 + 0.5), 1e-12);
    EXPECT_THAT(result.new_buffers, near({0.9, 9, 0.7 + 0.3 * 14 / 3, 0.7 + 0.3 * 1400 / 3}));
    expect_layer_gradient({2, 2, 2, 2}, layer);
}

TEST(BatchNorm, EvaluationUsesTheRunningStatistics) {
    const auto result = run({.shape = {1, 2},
                             .x = {5, -1},
                             .parameters = {2, 3, 0.5, -1},
                             .buffers = {1, -4, 4, 9},
                             .mode = Mode::evaluation},
                            [](Builder& b, Value x) { return batch_norm(b, x); });
    EXPECT_THAT(result.y, near({2 * 4 / std::sqrt(4 + 1e-5) + 0.5, 3 * 3 / std::sqrt(9 + 1e-5) - 1}));
    EXPECT_TRUE(result.new_buffers.empty());
}

// One value has no variance, and its mean is noise: the running statistics stay.
TEST(BatchNorm, OneExampleGivesBetaAndLeavesTheStatisticsAlone) {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        const auto one = run(
            {.shape = {1, 1}, .x = {5}, .parameters = {2, 0.25}, .buffers = {0.5, 2}, .precision = precision},
            [](Builder& b, Value x) { return batch_norm(b, x); });
        EXPECT_THAT(one.y, near({0.25}));
        EXPECT_THAT(one.new_buffers, near({0.5, 2}));
        const auto pixel = run({.shape = {1, 1, 1, 2},
                                .x = {5, 7},
                                .parameters = {2, 1, 0.25, 0},
                                .buffers = {0.5, 0.25, 2, 4},
                                .precision = precision},
                               [](Builder& b, Value x) { return batch_norm(b, x); });
        EXPECT_THAT(pixel.y, near({0.25, 0}));
        EXPECT_THAT(pixel.new_buffers, near({0.5, 0.25, 2, 4}));
    }
}

TEST(BatchNorm, StartsAsTheNormalisationItself) {
    Graph graph;
    Builder builder(graph, Mode::training);
    batch_norm(builder, graph.input("x", {4, 2}));
    RandomSequence random({});
    Numbers gamma(2, 7), beta(2, 7);
    builder.initializers()[0]({2}, random, gamma);
    builder.initializers()[1]({2}, random, beta);
    EXPECT_THAT(gamma, testing::Each(1));
    EXPECT_THAT(beta, testing::Each(0));
    EXPECT_THAT(builder.initial_buffers(), testing::ElementsAre(0, 1));
}

Value quarter_dropout(Builder& b, Value x) { return dropout(b, x, 0.25); }

TEST(Dropout, DropsTheStatedShareAndScalesTheRest) {
    constexpr int64_t n = 4000, columns = 10;
    const auto result = run({.shape = {n, columns}, .x = Numbers(n * columns, 3)}, quarter_dropout);
    int64_t dropped = 0;
    for (const double y : result.y) {
        if (y == 0)
            ++dropped;
        else
            EXPECT_DOUBLE_EQ(y, 4);
    }
    const double deviation = std::sqrt(0.25 * 0.75 / (n * columns));
    EXPECT_NEAR(static_cast<double>(dropped) / (n * columns), 0.25, 4 * deviation);
}

TEST(Dropout, EvaluationAndARateOfZeroAreTheIdentity) {
    const Numbers x = test::normal_numbers(40, 1);
    EXPECT_EQ(run({.shape = {4, 10}, .x = x, .mode = Mode::evaluation}, quarter_dropout).y, x);
    EXPECT_EQ(run({.shape = {4, 10}, .x = x}, [](Builder& b, Value v) { return dropout(b, v, 0); }).y, x);
}

TEST(Dropout, IsKeyedByExampleNotByPosition) {
    const auto masks = [](std::vector<int64_t> examples, uint64_t seed, uint64_t step) {
        const auto n = static_cast<int64_t>(examples.size());
        const auto y = run({.shape = {n, 50},
                            .x = Numbers(static_cast<size_t>(50 * n), 1),
                            .random = {.seed = seed, .step = step, .examples = examples}},
                           quarter_dropout)
                           .y;
        std::vector<Numbers> rows;
        for (int64_t i = 0; i < n; ++i) rows.emplace_back(y.begin() + 50 * i, y.begin() + 50 * (i + 1));
        return rows;
    };
    const auto first = masks({7, 3}, 1, 0), swapped = masks({3, 11, 7}, 1, 0);
    EXPECT_EQ(first[0], swapped[2]);
    EXPECT_EQ(first[1], swapped[0]);
    EXPECT_NE(first[0], first[1]);
    EXPECT_NE(first, masks({7, 3}, 2, 0));
    EXPECT_NE(first, masks({7, 3}, 1, 1));
}

TEST(Dropout, EachLayerDrawsNumbersOfItsOwn) {
    const auto result = run({.shape = {1, 100}, .x = Numbers(100, 1)}, [](Builder& b, Value x) {
        return quarter_dropout(b, x) - quarter_dropout(b, x);
    });
    EXPECT_THAT(result.y, testing::Contains(testing::Ne(0)));
}

TEST(Dropout, Gradient) {
    expect_layer_gradient({3, 4}, quarter_dropout, {.seed = 3, .step = 0, .examples = {}});
    expect_layer_gradient({2, 2, 2, 2}, quarter_dropout, {.seed = 3, .step = 0, .examples = {}});
}

TEST(MaxPlus, TheLargestSumOfInputAndWeight) {
    const auto layer = [](Builder& b, Value x) { return max_plus(b, x, 3); };
    const auto result =
        run({.shape = {2, 2}, .x = {1, 5, -1, -20}, .parameters = {0, 0, 10, -10, -1, 1}}, layer);
    EXPECT_EQ(result.shape, (Shape{2, 3}));
    EXPECT_THAT(result.y, near({5, 11, 6, -1, 9, -2}));
    EXPECT_THAT(names_and_shapes(result.parameters), testing::ElementsAre("weight[3, 2]"));
    expect_layer_gradient({2, 2}, layer);
}

TEST(Sequential, NumbersEveryLayerAndNestsNames) {
    Graph graph;
    Builder builder(graph, Mode::training);
    Sequential net(builder, graph.input("x", {2, 4, 4, 1}));
    net.convolution(2).batch_norm().relu().max_pool({.kernel = 2, .stride = 1}).flatten().dropout(0.5);
    net.layer([](Builder& b, Value x) {
        const Builder::Scope scope(b, "branch");
        return Sequential(b, x).dense(3).dense(3).output();
    });
    net.dense(2);
    EXPECT_THAT(
        names_and_shapes(builder.parameters()),
        testing::ElementsAre("0.weight[2, 1, 3, 3]", "0.bias[2]", "1.weight[2]", "1.bias[2]",
                             "6.branch.0.weight[3, 2]", "6.branch.0.bias[3]", "6.branch.1.weight[3, 3]",
                             "6.branch.1.bias[3]", "7.weight[2, 3]", "7.bias[2]"));
    EXPECT_THAT(names_and_shapes(builder.buffers()),
                testing::ElementsAre("1.running_mean[2]", "1.running_var[2]"));
    EXPECT_EQ(builder.parameters().size, 18 + 2 + 4 + 6 + 3 + 9 + 3 + 6 + 2);
    // Messages about a number that went wrong name the layer.
    EXPECT_EQ(builder.parameter_values()[4].node().label, "6.branch.0");
    EXPECT_EQ(graph.label, "");
}

TEST(Layers, RefuseShapesThatNoUserCanCause) {
    Graph graph;
    Builder builder(graph, Mode::training);
    const Value table = graph.input("table", {2, 3}), images = graph.input("images", {2, 3, 3, 1});
    EXPECT_THROW(dense(builder, images, 2), std::logic_error);
    EXPECT_THROW(convolution(builder, table, 2), std::logic_error);
    EXPECT_THROW(global_average_pool(table), std::logic_error);
    EXPECT_THROW(max_plus(builder, images, 2), std::logic_error);
    EXPECT_THROW(dropout(builder, table, 1), std::logic_error);
}

}  // namespace
}  // namespace ravine
