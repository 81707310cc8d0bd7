#include "ravine/nn/activation.hpp"

#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::near;
using test::Numbers;

Activation activation(const std::string& text) { return activations().make(Spec::parse(text)); }

/// What an activation makes of one row.
Numbers applied(const std::string& text, const Numbers& row, Precision precision = Precision::f64,
                const Numbers& parameters = {}) {
    return test::run({.shape = {1, static_cast<int64_t>(row.size())},
                      .x = row,
                      .parameters = parameters,
                      .precision = precision},
                     activation(text).apply)
        .y;
}

TEST(Activations, ValuesInBothPrecisions) {
    const double e = std::exp(1);
    struct {
        const char* text;
        Numbers x, y;
    } cases[] = {
        {"linear", {-1e3, -1, 0, 2, 1e3}, {-1e3, -1, 0, 2, 1e3}},
        {"relu", {-1e3, -1, 0, 2, 1e3}, {0, 0, 0, 2, 1e3}},
        {"leaky-relu", {-1e3, -1, 0, 2, 1e3}, {-10, -0.01, 0, 2, 1e3}},
        {"leaky-relu:slope=0.25", {-2, 2}, {-0.5, 2}},
        {"sigmoid", {-1e3, -1, 0, 1, 1e3}, {0, 1 / (1 + e), 0.5, e / (1 + e), 1}},
        {"tanh", {-1e3, -1, 0, 1, 1e3}, {-1, -std::tanh(1), 0, std::tanh(1), 1}},
        {"softplus", {-1e3, -1, 0, 1, 1e3}, {0, std::log(1 + 1 / e), std::log(2), std::log(1 + e), 1e3}},
        {"softmax", {0, std::log(2), 0}, {0.25, 0.5, 0.25}},
        {"softmax", {1e3, -1e3, 1e3, 0}, {0.5, 0, 0.5, 0}},
        {"maxout", {1, 3, -2, -5, 0, 1e3}, {3, -2, 1e3}},
        {"maxout:pieces=3", {1, 3, -2, -5, 0, -1}, {3, 0}},
    };
    for (const auto& c : cases) {
        EXPECT_THAT(applied(c.text, c.x), near(c.y)) << c.text;
        EXPECT_THAT(applied(c.text, c.x, Precision::f32), near(c.y, 1e-6)) << c.text;
    }
    // y_j = max_i (x_i + w_ij), with as many outputs as inputs.
    EXPECT_THAT(applied("max-plus", {1, 5}, Precision::f64, {0, 0, 10, -10}), near({5, 11}));
    EXPECT_THAT(applied("max-plus", {1, 5}, Precision::f32, {0, 0, 10, -10}), near({5, 11}));
}

TEST(Activations, SmallNumbersKeepTheirPrecision) {
    EXPECT_THAT(applied("softplus", {-40}), near({std::exp(-40)}, 1e-32));
    EXPECT_THAT(applied("sigmoid", {-40}), near({std::exp(-40)}, 1e-32));
    EXPECT_THAT(applied("tanh", {1e-9}), near({1e-9}, 1e-24));
}

TEST(Activations, GradientsOfAllOfThem) {
    for (const auto& entry : activations().entries()) {
        SCOPED_TRACE(entry.name);
        test::expect_layer_gradient({3, 4}, activation(entry.name).apply);
    }
}

TEST(Activations, OfImagesActOnChannels) {
    for (const auto& entry : activations().entries()) {
        if (entry.name == "max-plus") continue;  // a layer for tables
        SCOPED_TRACE(entry.name);
        const Numbers x = test::normal_numbers(24, 3);
        const auto images = test::run({.shape = {2, 1, 3, 4}, .x = x}, activation(entry.name).apply);
        const auto rows = test::run({.shape = {6, 4}, .x = x}, activation(entry.name).apply);
        EXPECT_EQ(images.shape, (Shape{2, 1, 3, rows.shape[1]}));
        EXPECT_THAT(images.y, near(rows.y));
    }
}

/// The derivative at one point.
double slope_at(const std::string& text, double x) {
    GraphObjective objective(
        [&](Graph& graph) {
            Builder builder(graph, Mode::training);
            const Value at = builder.parameter("x", {1, 1}, constant_initializer(0));
            return LossGraph{.loss = sum(activation(text).apply(builder, at)), .parameters = {at}};
        },
        {.precision = Precision::f64});
    Parameters at(ParameterLayout::single(1), Precision::f64);
    at.write()->set(0, x);
    Vector gradient(1, Precision::f64);
    objective.value_and_gradient(at, gradient);
    return gradient.at(0);
}

TEST(Activations, DerivativesAtTheKinkAndFarAway) {
    EXPECT_EQ(slope_at("relu", 0), 0);
    EXPECT_EQ(slope_at("leaky-relu:slope=0.25", 0), 0.25);  // as in PyTorch
    for (const char* text : {"sigmoid", "tanh", "softplus"}) {
        EXPECT_NEAR(slope_at(text, -1000), 0, 1e-300) << text;
        EXPECT_NEAR(slope_at(text, 1000), std::string(text) == "softplus" ? 1 : 0, 1e-300) << text;
    }
}

TEST(Activations, WhatTheLayerBeforeMustKnow) {
    for (const auto& entry : activations().entries()) {
        const Activation a = activation(entry.name);
        EXPECT_EQ(a.is_rectifier, entry.name == "relu" || entry.name == "leaky-relu") << entry.name;
        EXPECT_EQ(a.pieces, entry.name == "maxout" ? 2 : 1) << entry.name;
    }
    EXPECT_EQ(activation("maxout:pieces=5").pieces, 5);
}

TEST(Activations, RefuseSettingsOutOfRange) {
    test::expect_refused([] { activation("leaky-relu:slope=1"); }, {"leaky-relu:slope", "[0, 1)"});
    test::expect_refused([] { activation("maxout:pieces=1"); }, {"maxout:pieces"});
    test::expect_refused([] { activation("rleu"); }, {"activation", "rleu", "did you mean 'relu'"});
}

}  // namespace
}  // namespace ravine
