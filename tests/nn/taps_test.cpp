#include "tests/nn/support.hpp"
#include "tests/support/naive_product.hpp"

namespace ravine {
namespace {

using test::normal_numbers;
using test::Numbers;
using test::Training;

Network tanh_net() {
    return Network({.model = Spec::parse("mlp:hidden=5-4,activation=tanh"),
                    .loss = Spec::parse("cross-entropy"),
                    .feature_shape = {3},
                    .target_count = 2,
                    .l2 = 0.1});
}

Numbers part(const Numbers& all, const Slice& slice) {
    return Numbers(all.begin() + slice.offset, all.begin() + slice.offset + slice.size());
}

// What a dense layer saw says all of its gradient: adjoint' input.
TEST(Taps, OfDenseLayersAreThePartsOfTheGradient) {
    for (const auto precision : {Precision::f64, Precision::f32}) {
        const double tolerance = precision == Precision::f64 ? 1e-14 : 1e-6;
        const Network net = tanh_net();
        Training training(net, 6, precision);
        const int64_t n = training.objective.dimension();
        Vector gradient(n, precision), expected(n, precision);
        const double loss = training.objective.value_and_gradient(training.parameters, expected);
        const Taps& taps = training.objective.taps(training.parameters, gradient);
        EXPECT_NEAR(taps.value, loss, tolerance);
        EXPECT_THAT(gradient.to_doubles(), test::near(expected.to_doubles(), tolerance));
        const Numbers weights = training.parameters.values().to_doubles();
        ASSERT_EQ(taps.layers.size(), 3u);
        for (size_t i = 0; i < 3; ++i) {
            const LayerTap& tap = taps.layers[i];
            SCOPED_TRACE(tap.name);
            const Slice &weight = net.parameters()->slices[2 * i],
                        &bias = net.parameters()->slices[2 * i + 1];
            EXPECT_EQ(tap.name + ".weight", weight.name);
            EXPECT_EQ(tap.input_shape, (Shape{6, weight.shape[1]}));
            EXPECT_EQ(tap.shape, (Shape{6, weight.shape[0]}));
            const Numbers input = tap.input.to_doubles(), adjoint = tap.adjoint.to_doubles();
            // input W' + b
            Numbers y = test::naive_matmul(input, part(weights, weight), 6, weight.shape[1], weight.shape[0],
                                           Transpose::no, Transpose::yes);
            for (size_t k = 0; k < y.size(); ++k)
                y[k] += part(weights, bias)[k % static_cast<size_t>(bias.size())];
            EXPECT_THAT(tap.pre_activation.to_doubles(), test::near(y, tolerance));
            if (i < 2) {
                for (double& v : y) v = std::tanh(v);
                EXPECT_THAT(taps.layers[i + 1].input.to_doubles(), test::near(y, tolerance));
            }
            Numbers slope = test::naive_matmul(adjoint, input, weight.shape[0], 6, weight.shape[1],
                                               Transpose::yes, Transpose::no);
            for (size_t k = 0; k < slope.size(); ++k)  // and of the penalty
                slope[k] += 2 * 0.1 * part(weights, weight)[k];
            EXPECT_THAT(part(gradient.to_doubles(), weight), test::near(slope, tolerance));
        }
        // The penalty is no part of the examples' losses, which the loss is the mean of.
        double total = 0, squares = 0;
        for (const double each : taps.losses.to_doubles()) total += each / 6;
        for (size_t i = 0; i < 3; ++i)
            for (const double w : part(weights, net.parameters()->slices[2 * i])) squares += w * w;
        EXPECT_EQ(taps.losses.size(), 6);
        EXPECT_NEAR(total + 0.1 * squares, loss, 10 * tolerance);
    }
}

TEST(Taps, OfConvolutionsAreThePartsOfTheGradient) {
    const Network net({.model = Spec::parse("cnn:channels=2-3,hidden=4"),
                       .loss = Spec::parse("cross-entropy"),
                       .feature_shape = {8, 8, 1},
                       .target_count = 2});
    Training training(net, 3, Precision::f64);
    Vector gradient(training.objective.dimension(), Precision::f64);
    const Taps& taps = training.objective.taps(training.parameters, gradient);
    ASSERT_EQ(taps.layers.size(), 4u);  // two convolutions and two dense layers
    for (size_t i = 0; i < 2; ++i) {
        const LayerTap& tap = taps.layers[i];
        const Slice* weight = net.parameters()->find(tap.name + ".weight");
        ASSERT_NE(weight, nullptr) << tap.name;
        const test::NaiveConvolution naive{
            tap.input_shape, weight->shape, tap.shape, {.stride = 1, .padding = 1}};
        EXPECT_THAT(
            part(gradient.to_doubles(), *weight),
            test::near(naive.weight_gradient(tap.input.to_doubles(), tap.adjoint.to_doubles()), 1e-13));
    }
}

TEST(Taps, AreNoneWhereThereAreNoLayers) {
    GraphObjective objective(
        [](Graph& graph) {
            const Value x = graph.parameter("parameters", 0, {2});
            return LossGraph{.loss = sum(square(x)), .parameters = {x}};
        },
        {.precision = Precision::f64});
    Parameters at(ParameterLayout::single(2), Precision::f64);
    Vector gradient(2, Precision::f64);
    test::expect_refused([&] { objective.taps(at, gradient); }, {"no layers"});
    test::expect_refused(
        [&] {
            objective.example_gradients(at, 0, {&gradient, 1});
        },
        {"no mean over examples"});
    test::expect_refused([&] { objective.value_and_gradients(at, gradient, "features", gradient); },
                         {"no input 'features'"});
}

TEST(ExampleGradients, AddUpToTheGradient) {
    const Network net = tanh_net();
    Training training(net, 5, Precision::f64);
    for (int64_t i = 0; i < 5; ++i) training.weights.set(i, 0.5 + static_cast<double>(i));
    training.sample.touch();
    training.objective.on(training.sample);
    const int64_t n = training.objective.dimension();
    Vector gradient(n, Precision::f64);
    std::vector<Vector> rows(5, gradient);
    // In two chunks.
    training.objective.example_gradients(training.parameters, 0, std::span(rows).first(3));
    training.objective.example_gradients(training.parameters, 3, std::span(rows).subspan(3));
    const Taps& taps = training.objective.taps(training.parameters, gradient);
    const Slice& last = net.parameters()->slices[4];  // the weights of the outputs, [2, 4]
    for (int64_t i = 0; i < 5; ++i) {
        // The loss has weight / n of the example's: taken out of its adjoint, times its input.
        const double factor = 5 / training.weights.at(i);
        const LayerTap& tap = taps.layers[2];
        for (int64_t k = 0; k < 8; ++k)
            EXPECT_NEAR(rows[static_cast<size_t>(i)].at(last.offset + k),
                        factor * tap.adjoint.at(i * 2 + k / 4) * tap.input.at(i * 4 + k % 4), 1e-14);
    }
    for (int64_t k = 0; k < n; ++k) {
        const Slice& slice = net.parameters()->slice_at(k);
        double expected = slice.decays ? 2 * 0.1 * training.parameters.values().at(k) : 0;
        for (int64_t i = 0; i < 5; ++i)
            expected += training.weights.at(i) / 5 * rows[static_cast<size_t>(i)].at(k);
        EXPECT_NEAR(gradient.at(k), expected, 1e-14) << k;
    }
    EXPECT_THROW(training.objective.example_gradients(training.parameters, 3, rows), std::logic_error);
}

TEST(InputGradient, IsThatOfDifferences) {
    const Network net = tanh_net();
    Training training(net, 2, Precision::f64);
    Vector gradient(training.objective.dimension(), Precision::f64), expected = gradient,
                                                                     by_features(6, Precision::f64);
    const double loss =
        training.objective.value_and_gradients(training.parameters, gradient, "features", by_features);
    EXPECT_NEAR(training.objective.value_and_gradient(training.parameters, expected), loss, 1e-15);
    EXPECT_THAT(gradient.to_doubles(), test::near(expected.to_doubles(), 1e-15));
    constexpr double step = 1e-5;
    for (int64_t i = 0; i < 6; ++i) {
        const double here = training.features.at(i);
        const auto value_at = [&](double x) {
            training.features.set(i, x);
            training.sample.touch();
            training.objective.on(training.sample);
            return training.objective.value(training.parameters);
        };
        const double above = value_at(here + step), below = value_at(here - step);
        EXPECT_NEAR(by_features.at(i), (above - below) / (2 * step), 1e-9);
        value_at(here);
    }
}

}  // namespace
}  // namespace ravine
