#include "ravine/train/training/evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::ElementsAre;

constexpr CompileOptions evaluated_in_double{Precision::f64, 1};

// Evaluations go by 256 examples: fewer, as many, and every kind of remainder.
TEST(Evaluator, LossAndAccuracyAreThoseByHandForAnyNumberOfExamples) {
    constexpr TanhNet net{5, 3};
    Case given{.dataset = "spiral:examples=1000", .model = "mlp:hidden=5,activation=tanh"};
    given.options.compile = evaluated_in_double;
    Bench bench(given);
    const Numbers w = bench.weights();
    const Normalization& normal = bench.parts.schema.normalization;
    Evaluator evaluator(bench.network, evaluated_in_double);
    for (const int64_t n : {1, 2, 255, 256, 257, 511, 512, 600}) {
        std::vector<int64_t> first(static_cast<size_t>(n));
        std::iota(first.begin(), first.end(), 0);
        const Dataset data = bench.parts.training.subset(first);
        const Scores scores = evaluator.evaluate(data, normal, bench.parts.schema.target_normalization,
                                                 bench.parameters, bench.buffers);
        const Numbers outputs = evaluator.outputs(data, normal, bench.parameters, bench.buffers);
        Numbers ignored, h, logits;
        double right = 0;
        for (const int64_t i : first) {
            const Numbers z =
                net.logits(w, {normal.apply(data.feature(i, 0), 0), normal.apply(data.feature(i, 1), 1)}, h);
            right += std::ranges::max_element(z) - z.begin() == data.labels[static_cast<size_t>(i)];
            logits.insert(logits.end(), z.begin(), z.end());
        }
        EXPECT_NEAR(scores.loss, net.loss(w, bench.parts, data, first, ignored), 1e-12) << n;
        EXPECT_EQ(scores.accuracy, right / static_cast<double>(n)) << n;
        EXPECT_THAT(outputs, near(logits)) << n;
    }
}

TEST(Evaluator, NoExamplesNoScores) {
    Bench bench{Case{}};
    Evaluator evaluator(bench.network, {});
    const Scores scores =
        evaluator.evaluate(bench.parts.validation.subset({}), bench.parts.schema.normalization,
                           bench.parts.schema.target_normalization, bench.parameters, bench.buffers);
    EXPECT_TRUE(std::isnan(scores.loss));
    EXPECT_TRUE(std::isnan(scores.accuracy));
}

TEST(Evaluator, OutputsNeedNoLabels) {
    Bench bench{Case{}};
    Dataset data = bench.parts.validation;
    Evaluator evaluator(bench.network, {});
    const auto labelled =
        evaluator.outputs(data, bench.parts.schema.normalization, bench.parameters, bench.buffers);
    data.labels.clear();
    EXPECT_EQ(evaluator.outputs(data, bench.parts.schema.normalization, bench.parameters, bench.buffers),
              labelled);
    EXPECT_EQ(labelled.size(), 180U);
}

TEST(Evaluator, RegressionIsScoredInNormalisedUnitsAndItsErrorInThoseOfTheData) {
    Case given{.dataset = "linear-regression:examples=100,features=2", .model = "linear"};
    given.options.compile = evaluated_in_double;
    Parts parts = parts_of(given);
    parts.schema.target_normalization = {{5}, {4}};
    Bench bench(given, parts);  // weights 0: every normalised prediction is 0, every prediction 5
    Evaluator evaluator(bench.network, evaluated_in_double);
    const Dataset& data = bench.parts.validation;
    double squares = 0;
    for (const float y : data.values) squares += (y - 5.0) * (y - 5.0) / static_cast<double>(data.size());
    const Scores scores = evaluator.evaluate(
        data, parts.schema.normalization, parts.schema.target_normalization, bench.parameters, bench.buffers);
    EXPECT_NEAR(scores.loss, squares / 16, 1e-12);
    EXPECT_TRUE(std::isnan(scores.accuracy));
    const auto outputs = evaluator.outputs(data, parts.schema.normalization, bench.parameters, bench.buffers);
    EXPECT_NEAR(root_mean_squared_error(outputs, data, parts.schema.target_normalization), std::sqrt(squares),
                1e-12);
}

TEST(Evaluator, PenaltyIsNoPartOfTheLoss) {
    Case given{.l2 = 0.5};
    Bench with(given);
    given.l2 = 0;
    Bench without(given);
    const auto loss = [](Bench& bench) {
        Evaluator evaluator(bench.network, {});
        return evaluator
            .evaluate(bench.parts.validation, bench.parts.schema.normalization,
                      bench.parts.schema.target_normalization, bench.parameters, bench.buffers)
            .loss;
    };
    EXPECT_EQ(loss(with), loss(without));
}

TEST(PredictedClass, IsTheLargestOutput) {
    EXPECT_EQ(predicted_class(Numbers{-1, 3, 2}, Prediction::softmax), 1);
    EXPECT_EQ(predicted_class(Numbers{-1, -3}, Prediction::scores), 0);
}

// Log odds and margins change sign where the classes meet; values fitted to 0 and 1 pass 1/2 there.
TEST(PredictedClass, OfASingleOutputDependsOnWhatItStandsFor) {
    EXPECT_EQ(predicted_class(Numbers{0.3}, Prediction::sigmoid), 1);
    EXPECT_EQ(predicted_class(Numbers{-0.3}, Prediction::sigmoid), 0);
    EXPECT_EQ(predicted_class(Numbers{0.3}, Prediction::scores), 1);
    EXPECT_EQ(predicted_class(Numbers{0.3}, Prediction::values), 0);
    EXPECT_EQ(predicted_class(Numbers{0.6}, Prediction::values), 1);
}

TEST(PredictedClass, EveryLossOfOneOutputTellsTwoBlobsApart) {
    for (const char* loss : {"logistic", "hinge", "squared-error"}) {
        Case given{.dataset = "blobs:examples=300,classes=2,noise=0.5", .model = "logistic", .loss = loss};
        given.optimizer = "adam:learning_rate=0.05";
        given.options.epochs = 20;
        Bench bench(given);
        EXPECT_GT(bench.run().validation.accuracy, 0.98) << loss;
    }
}

TEST(Probabilities, AddUpToOne) {
    EXPECT_THAT(probabilities(Numbers{std::log(1.0), std::log(3.0)}, Prediction::softmax),
                near({0.25, 0.75}));
    EXPECT_THAT(probabilities(Numbers{1000, 1000, -1000}, Prediction::softmax), near({0.5, 0.5, 0}));
    EXPECT_THAT(probabilities(Numbers{std::log(3.0)}, Prediction::sigmoid), near({0.25, 0.75}));
    EXPECT_THAT(probabilities(Numbers{0, std::log(3.0)}, Prediction::sigmoid),
                near({0.5, 0.75}));  // two events
    EXPECT_TRUE(probabilities(Numbers{1, 2}, Prediction::scores).empty());
    EXPECT_TRUE(probabilities(Numbers{1, 2}, Prediction::values).empty());
}

/// A table of 3 examples with the labels 10, 11, 00.
Parts labelled_parts() {
    Dataset data{.name = "labels",
                 .task = Task::multi_label,
                 .feature_shape = {1},
                 .values = {1, 0, 1, 1, 0, 0},
                 .output_count = 2,
                 .classes = {"a", "b"}};
    data.features = std::vector<float>{0, 0, 0};
    data.check();
    Parts parts{.training = data, .validation = data, .test = data};
    parts.schema = schema_of(data);
    return parts;
}

// The outputs are the biases, (0.4, 0.7) for every example: as log odds both labels hold, as values the
// second.
TEST(Evaluator, AccuracyOfLabelsIsTheShareOfPairsThatAreRight) {
    for (const auto& [loss, accuracy, mean_loss] : std::vector<std::tuple<std::string, double, double>>{
             {"", 3.0 / 6,
              std::log1p(std::exp(0.4)) / 2 + std::log1p(std::exp(0.7)) / 2 - 2 * 0.4 / 6 - 0.7 / 6},
             {"squared-error", 2.0 / 6, (2 * 0.36 + 0.16 + 0.09 + 2 * 0.49) / 6}}) {
        Case given{.model = "linear", .loss = loss};
        given.options.compile = evaluated_in_double;
        Bench bench(given, labelled_parts());
        *bench.parameters.write() = Vector(std::vector{0.0, 0.0, 0.4, 0.7}, Precision::f64);
        Evaluator evaluator(bench.network, evaluated_in_double);
        const Schema& schema = bench.parts.schema;
        const Scores scores =
            evaluator.evaluate(bench.parts.test, schema.normalization, schema.target_normalization,
                               bench.parameters, bench.buffers);
        EXPECT_NEAR(scores.accuracy, accuracy, 1e-15) << loss;
        EXPECT_NEAR(scores.loss, mean_loss, 1e-12) << loss;
    }
}

TEST(PredictedLabel, HoldsAboveEvenOddsOrHalf) {
    EXPECT_TRUE(predicted_label(0.3, Prediction::sigmoid));
    EXPECT_FALSE(predicted_label(-0.3, Prediction::sigmoid));
    EXPECT_FALSE(predicted_label(0.3, Prediction::values));
    EXPECT_THAT(label_probabilities(Numbers{0}, Prediction::sigmoid), ElementsAre(0.5));
    EXPECT_THAT(label_probabilities(Numbers{0, std::log(3)}, Prediction::sigmoid), near({0.5, 0.75}));
    EXPECT_TRUE(label_probabilities(Numbers{1}, Prediction::values).empty());
}

// Weights 0 and targets in units of the mean example: it predicts the mean, of which the error is the
// deviation.
TEST(Evaluator, AnAutoencodingOfTheMeanHasTheDeviationAsItsError) {
    Case given{.dataset = "spiral:examples=100", .model = "linear"};
    given.options.compile = evaluated_in_double;
    Parts parts = load_parts({.dataset = given.dataset, .task = "autoencoding"});
    Bench bench(given, parts);
    for (int64_t i = 0; i < bench.parameters.values().size(); ++i) bench.parameters.write()->set(i, 0);
    Evaluator evaluator(bench.network, evaluated_in_double);
    const Schema& schema = bench.parts.schema;
    const Dataset& data = bench.parts.training;
    const Scores scores = evaluator.evaluate(data, schema.normalization, schema.target_normalization,
                                             bench.parameters, bench.buffers);
    EXPECT_NEAR(scores.loss, 1, 1e-12);
    EXPECT_TRUE(std::isnan(scores.accuracy));
    const Numbers& s = schema.target_normalization.deviation;
    EXPECT_NEAR(root_mean_squared_error(
                    evaluator.outputs(data, schema.normalization, bench.parameters, bench.buffers), data,
                    schema.target_normalization),
                std::sqrt((s[0] * s[0] + s[1] * s[1]) / 2), 1e-12);
}

}  // namespace
}  // namespace ravine
