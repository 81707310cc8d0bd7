#include "ravine/nn/normalization/normalization.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "ravine/nn/layers.hpp"
#include "ravine/nn/normalization/group_norm.hpp"
#include "ravine/nn/normalization/instance_norm.hpp"
#include "ravine/nn/normalization/layer_norm.hpp"
#include "ravine/nn/normalization/weight_standardization.hpp"
#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::expect_layer_gradient;
using test::names_and_shapes;
using test::near;
using test::normal_numbers;
using test::Numbers;
using test::run;

using LayerFunction = std::function<Value(Builder&, Value)>;

LayerFunction layer_normalisation(double epsilon = 1e-5) {
    return [=](Builder& b, Value x) { return layer_norm(b, x, {.epsilon = epsilon}); };
}
LayerFunction group_normalisation(int64_t groups, double epsilon = 1e-5) {
    return [=](Builder& b, Value x) { return group_norm(b, x, {.groups = groups, .epsilon = epsilon}); };
}
LayerFunction instance_normalisation(double epsilon = 1e-5) {
    return [=](Builder& b, Value x) { return instance_norm(b, x, {.epsilon = epsilon}); };
}

/// `gains` ones and as many zeros: gamma and beta as they start.
Numbers fresh(size_t gains) {
    Numbers values(2 * gains, 0);
    std::fill_n(values.begin(), gains, 1);
    return values;
}

/// What is normalised together has mean 0 and variance 1: the elements whose `group(index)` agrees.
template <class Group>
void expect_standard(const Numbers& y, Group group) {
    std::map<int64_t, std::vector<double>> groups;
    for (size_t i = 0; i < y.size(); ++i) groups[group(static_cast<int64_t>(i))].push_back(y[i]);
    for (const auto& [key, values] : groups) {
        double sum = 0, squares = 0;
        for (const double v : values) {
            sum += v;
            squares += v * v;
        }
        const auto n = static_cast<double>(values.size());
        EXPECT_NEAR(sum / n, 0, 1e-12) << key;
        EXPECT_NEAR(squares / n, 1, 1e-9) << key;
    }
}

TEST(LayerNorm, IsPerExampleByHand) {
    // Examples with means 3 and 30 and variances 3.5 and 350.
    const auto result =
        run({.shape = {2, 4}, .x = {1, 2, 3, 6, 10, 20, 30, 60}, .parameters = {1, 2, 3, 4, 0, 0.5, 0, -1}},
            layer_normalisation(0.5));
    const double a = std::sqrt(4.0), b = std::sqrt(350.5);
    EXPECT_THAT(result.y,
                near({-2 / a, -2 / a + 0.5, 0, 12 / a - 1, -20 / b, -20 / b + 0.5, 0, 120 / b - 1}));
    EXPECT_THAT(names_and_shapes(result.parameters), testing::ElementsAre("weight[4]", "bias[4]"));
    for (const auto& slice : result.parameters.slices) EXPECT_FALSE(slice.decays);
    EXPECT_TRUE(result.buffers.slices.empty());
}

TEST(LayerNorm, ImagesHaveAGainForEachElementInPyTorchsOrder) {
    const Shape shape{2, 2, 3, 2};
    const Numbers x = normal_numbers(24, 3);
    const auto plain = run({.shape = shape, .x = x, .parameters = fresh(12)}, layer_normalisation(1e-12));
    expect_standard(plain.y, [](int64_t i) { return i / 12; });
    EXPECT_THAT(names_and_shapes(plain.parameters), testing::ElementsAre("weight[2, 2, 3]", "bias[2, 2, 3]"));
    Numbers gains(24, 0);
    std::iota(gains.begin(), gains.begin() + 12, 1.0);
    const auto scaled = run({.shape = shape, .x = x, .parameters = gains}, layer_normalisation(1e-12));
    for (size_t n = 0; n < 2; ++n)
        for (size_t place = 0; place < 6; ++place)
            for (size_t c = 0; c < 2; ++c) {
                const size_t i = (n * 6 + place) * 2 + c;
                EXPECT_NEAR(scaled.y[i], plain.y[i] * static_cast<double>(c * 6 + place + 1), 1e-12);
            }
}

TEST(GroupNorm, NormalisesNeighbouringChannelsByHand) {
    // Two pixels of four channels: the groups {1, 3, 5, 7} and {0, 0, 8, 8}, variances 5 and 16.
    const auto result =
        run({.shape = {1, 1, 2, 4}, .x = {1, 3, 0, 0, 5, 7, 8, 8}, .parameters = {1, 1, 2, 3, 0, 0.5, 0, 1}},
            group_normalisation(2, 1e-12));
    const double a = std::sqrt(5);
    EXPECT_THAT(result.y, near({-3 / a, -1 / a + 0.5, -2, -2, 1 / a, 3 / a + 0.5, 2, 4}, 1e-9));
    EXPECT_THAT(names_and_shapes(result.parameters), testing::ElementsAre("weight[4]", "bias[4]"));
}

TEST(GroupNorm, OneGroupIsLayerNormAndAGroupAChannelIsInstanceNorm) {
    const Shape shape{3, 4, 5, 6};
    const Numbers x = normal_numbers(360, 8);
    const auto values = [&](const LayerFunction& layer, size_t gains) {
        return run({.shape = shape, .x = x, .parameters = fresh(gains)}, layer).y;
    };
    const auto whole = values(group_normalisation(1), 6), single = values(group_normalisation(6), 6);
    EXPECT_THAT(whole, near(values(layer_normalisation(), 120)));
    EXPECT_THAT(single, near(values(instance_normalisation(), 6)));
    EXPECT_GT(std::abs(whole[0] - single[0]), 1e-3);
    expect_standard(values(group_normalisation(3, 1e-12), 6),
                    [](int64_t i) { return i / 120 * 3 + i % 6 / 2; });
}

TEST(GroupNorm, TablesHaveGroupsOfFeatures) {
    const auto result = run({.shape = {2, 6}, .x = normal_numbers(12, 4), .parameters = fresh(6)},
                            group_normalisation(2, 1e-12));
    expect_standard(result.y, [](int64_t i) { return i / 3; });
}

TEST(InstanceNorm, IsPerExampleAndChannel) {
    const auto result = run({.shape = {2, 3, 4, 2}, .x = normal_numbers(48, 6), .parameters = fresh(2)},
                            instance_normalisation(1e-12));
    expect_standard(result.y, [](int64_t i) { return i / 24 * 2 + i % 2; });
    EXPECT_THAT(names_and_shapes(result.parameters), testing::ElementsAre("weight[2]", "bias[2]"));
}

TEST(Normalizations, OfOneExampleAreTheSameInEvaluationAndAlone) {
    const Numbers x = normal_numbers(2 * 48, 2), first(x.begin(), x.begin() + 48);
    for (const auto& layer : {layer_normalisation(), group_normalisation(2), instance_normalisation()}) {
        const Numbers theta = normal_numbers(96, 5);
        const auto both = run({.shape = {2, 3, 4, 4}, .x = x, .parameters = theta}, layer).y;
        const auto alone =
            run({.shape = {1, 3, 4, 4}, .x = first, .parameters = theta, .mode = Mode::evaluation}, layer).y;
        EXPECT_EQ(Numbers(both.begin(), both.begin() + 48), alone);
    }
}

TEST(Normalizations, Gradients) {
    expect_layer_gradient({3, 5}, layer_normalisation());
    expect_layer_gradient({2, 2, 3, 2}, layer_normalisation());
    expect_layer_gradient({2, 2, 2, 4}, group_normalisation(2));
    expect_layer_gradient({2, 6}, group_normalisation(2));
    expect_layer_gradient({2, 2, 3, 2}, instance_normalisation());
}

TEST(Normalizations, SinglePrecisionAgreesWithDouble) {
    const Numbers x = normal_numbers(4 * 5 * 6 * 8, 12), theta = normal_numbers(480, 13);
    for (const auto& layer : {layer_normalisation(), group_normalisation(4), instance_normalisation()}) {
        const test::Case c{.shape = {4, 5, 6, 8}, .x = x, .parameters = theta};
        auto single = c;
        single.precision = Precision::f32;
        EXPECT_THAT(run(single, layer).y, near(run(c, layer).y, 1e-5));
    }
}

TEST(Normalizations, RefuseWhatTheyCannotNormalise) {
    const auto refused = [](const LayerFunction& layer, const Shape& shape,
                            const std::vector<std::string>& parts) {
        Graph graph;
        Builder builder(graph, Mode::training);
        test::expect_refused([&] { layer(builder, graph.input("x", shape)); }, parts);
    };
    refused(group_normalisation(3), {2, 4, 4, 8}, {"that 3 groups divide", "found 8"});
    refused(group_normalisation(8), {2, 8}, {"fewer groups", "8"});
    refused(instance_normalisation(), {2, 8}, {"images", "[8]"});
    refused(instance_normalisation(), {2, 1, 1, 8}, {"more than one pixel", "[1, 1, 8]"});
}

TEST(Normalizations, TheCatalogMakesEachOfThemWithItsSettings) {
    const Numbers x = normal_numbers(48, 6);
    const auto made = [&](const std::string& spec, size_t gains) {
        return run({.shape = {2, 3, 2, 4}, .x = x, .parameters = fresh(gains), .buffers = Numbers(8, 1)},
                   normalizations().make(Spec::parse(spec)).apply)
            .y;
    };
    const auto direct = [&](const LayerFunction& layer, size_t gains) {
        return run({.shape = {2, 3, 2, 4}, .x = x, .parameters = fresh(gains), .buffers = Numbers(8, 1)},
                   layer)
            .y;
    };
    EXPECT_EQ(made("none", 0), x);
    EXPECT_EQ(made("layer:epsilon=0.5", 24), direct(layer_normalisation(0.5), 24));
    EXPECT_EQ(made("group:groups=2", 4), direct(group_normalisation(2), 4));
    EXPECT_EQ(made("instance", 4), direct(instance_normalisation(), 4));
    EXPECT_EQ(made("batch:epsilon=0.25", 4),
              direct([](Builder& b, Value v) { return batch_norm(b, v, {.epsilon = 0.25}); }, 4));
    for (const char* name : {"batch", "instance"})
        EXPECT_TRUE(normalizations().make({name, {}}).cancels_bias) << name;
    for (const char* name : {"none", "layer", "group"})
        EXPECT_FALSE(normalizations().make({name, {}}).cancels_bias) << name;
    test::expect_refused([] { normalizations().make({"grup", {}}); }, {"grup", "did you mean 'group'"});
}

TEST(WeightStandardization, EachOutputsWeightsHaveMeanZeroAndVarianceOne) {
    const auto layer = [](Builder&, Value w) { return standardize_weight(w, 1e-12); };
    expect_standard(run({.shape = {3, 2, 3, 3}, .x = normal_numbers(54, 1)}, layer).y,
                    [](int64_t i) { return i / 18; });
    // The weights 1, 3 have mean 2 and variance 1.
    EXPECT_THAT(run({.shape = {2, 2}, .x = {1, 3, -5, 5}}, layer).y, near({-1, 1, -1, 1}, 1e-9));
    EXPECT_THAT(
        run({.shape = {1, 2}, .x = {1, 3}}, [](Builder&, Value w) { return standardize_weight(w, 3); }).y,
        near({-0.5, 0.5}));
}

TEST(WeightStandardization, AScaleAndAShiftOfAnOutputsWeightsChangeNothing) {
    const auto dense_layer = [](Builder& b, Value x) {
        return dense(b, x, 2, {.bias = false, .standardized = true});
    };
    const auto convolution_layer = [](Builder& b, Value x) {
        return convolution(b, x, 2, {.kernel = 2, .bias = false, .standardized = true});
    };
    const auto check = [](const Shape& shape, size_t weights, const auto& layer) {
        const Numbers x = normal_numbers(element_count(shape), 3);
        Numbers theta = normal_numbers(static_cast<int64_t>(weights), 4);
        for (auto& w : theta) w *= 100;  // epsilon does not count
        Numbers moved = theta;
        for (size_t i = 0; i < weights; ++i) moved[i] = (i < weights / 2 ? 3 : 0.5) * moved[i] + 7;
        const auto y = run({.shape = shape, .x = x, .parameters = theta}, layer);
        EXPECT_THAT(run({.shape = shape, .x = x, .parameters = moved}, layer).y, near(y.y, 1e-7));
        EXPECT_TRUE(y.parameters.slices[0].decays);
        expect_layer_gradient(shape, layer);
    };
    check({2, 5}, 10, dense_layer);
    check({2, 3, 3, 2}, 16, convolution_layer);
}

TEST(Normalizations, ModelsTakeThem) {
    const auto names = [](const std::string& model, const Shape& features) {
        return names_and_shapes(
            *Network({.model = Spec::parse(model), .feature_shape = features, .target_count = 3})
                 .parameters());
    };
    // The normalisation adds back no bias that group normalisation keeps.
    EXPECT_THAT(names("mlp:hidden=8,normalization=group:groups=2", {4}),
                testing::ElementsAre("0.weight[8, 4]", "0.bias[8]", "1.weight[8]", "1.bias[8]",
                                     "3.weight[3, 8]", "3.bias[3]"));
    EXPECT_THAT(names("cnn:channels=4,hidden=5,normalization=instance", {4, 4, 1}),
                testing::ElementsAre("0.weight[4, 1, 3, 3]", "1.weight[4]", "1.bias[4]", "4.weight[5, 64]",
                                     "4.bias[5]", "6.weight[3, 5]", "6.bias[3]"));
    EXPECT_THAT(names("lenet:normalization=layer", {32, 32, 1}), testing::Contains("1.weight[6, 28, 28]"));
    EXPECT_THAT(names("resnet18:width=4,normalization=group:groups=2", {8, 8, 3}),
                testing::Contains("5.s.1.weight[8]"));
    test::expect_refused([&] { names("mlp:normalization=bach", {4}); }, {"bach", "did you mean 'batch'"});
    test::expect_refused(
        [&] {
            names("resnet18:width=6,normalization=group:groups=4", {8, 8, 3});
        },
        {"4 groups divide", "found 6"});
}

}  // namespace
}  // namespace ravine
