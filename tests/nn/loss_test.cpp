#include "ravine/nn/loss.hpp"

#include <numbers>

#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::near;
using test::Numbers;

/// The outputs z [n, k] (a parameter) and the targets [n, classes] of a loss.
struct LossCase {
    Shape outputs;
    Numbers z;
    Shape shape;
    Numbers targets;
};

/// The objective sum of the losses of a sample: its parameters are z and those of the loss itself.
class LossObjective {
public:
    LossObjective(const std::string& text, const LossCase& sample, Precision precision = Precision::f64)
        : objective(
              [&](Graph& graph) {
                  Builder builder(graph, Mode::training);
                  const Value z = builder.parameter("z", sample.outputs, constant_initializer(0));
                  const Value losses = losses_of(text, builder, z, graph.input("targets", sample.shape));
                  return LossGraph{.loss = sum(losses),
                                   .parameters = builder.parameter_values(),
                                   .taps = {{"losses", losses}}};
              },
              {.precision = precision}),
          targets_(sample.targets, precision),
          at_(ParameterLayout::single(objective.dimension()), precision) {
        Sample given;
        given.set("targets", targets_);
        objective.on(given);
        for (size_t i = 0; i < sample.z.size(); ++i) at_.write()->set(static_cast<int64_t>(i), sample.z[i]);
    }

    double value() { return objective.value(at_); }
    Numbers gradient() {
        Vector result(objective.dimension(), at_.values().precision());
        objective.value_and_gradient(at_, result);
        return result.to_doubles();
    }
    Numbers theta() const { return at_.values().to_doubles(); }
    void set(int64_t element, double value) { at_.write()->set(element, value); }

    GraphObjective objective;

private:
    static Value losses_of(const std::string& text, Builder& builder, Value z, Value t) {
        const Loss loss = ravine::losses().make(Spec::parse(text));
        const Value losses = loss.per_example(builder, loss.compared ? loss.compared(z) : z, t);
        EXPECT_EQ(losses.shape(), (Shape{z.shape()[0], 1}));
        return losses;
    }

    Vector targets_;
    Parameters at_;
};

double value(const std::string& text, const LossCase& sample) { return LossObjective(text, sample).value(); }

/// One example whose targets have as many columns as its outputs.
LossCase row(const Numbers& z, const Numbers& t) {
    const auto k = static_cast<int64_t>(z.size());
    return {{1, k}, z, {1, k}, t};
}

/// One output for two classes.
LossCase single(double z, const Numbers& t) { return {{1, 1}, {z}, {1, 2}, t}; }

const double log3 = std::log(3);

TEST(CrossEntropy, ValuesForOneHotAndSoftTargets) {
    EXPECT_NEAR(value("cross-entropy", row({0, log3}, {0, 1})), std::log(4.0 / 3), 1e-15);
    EXPECT_NEAR(value("cross-entropy", row({0, log3}, {0.25, 0.75})),
                0.25 * std::log(4) + 0.75 * std::log(4.0 / 3), 1e-15);
    // Targets that do not sum to 1, as when a target evolves from 0.
    EXPECT_NEAR(value("cross-entropy", row({0, log3}, {0, 0.5})), 0.5 * std::log(4.0 / 3), 1e-15);
}

TEST(CrossEntropy, StaysFiniteOnExtremeLogits) {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        for (const char* text : {"cross-entropy", "kl"}) {
            LossObjective wrong(text, row({1e4, -1e4, 0}, {0, 1, 0}), precision);
            EXPECT_NEAR(wrong.value(), 2e4, 1e-2) << text;
            EXPECT_THAT(wrong.gradient(), near({1, -1, 0})) << text;
            LossObjective right(text, row({1e4, -1e4, 0}, {1, 0, 0}), precision);
            EXPECT_EQ(right.value(), 0) << text;
            EXPECT_THAT(right.gradient(), near({0, 0, 0})) << text;
        }
    }
}

TEST(KullbackLeibler, IsCrossEntropyLessTheEntropyOfTheTargets) {
    EXPECT_NEAR(value("kl", row({0, log3}, {0.5, 0.5})), 0.5 * std::log(2) + 0.5 * std::log(2.0 / 3), 1e-15);
    EXPECT_NEAR(value("kl", row({0, log3}, {0, 1})), std::log(4.0 / 3), 1e-15);  // 0 log 0 = 0
}

TEST(KullbackLeibler, IsZeroWhereTheSoftmaxIsTheTarget) {
    EXPECT_NEAR(value("kl", row({7, 7 + log3}, {0.25, 0.75})), 0, 1e-15);
    EXPECT_THAT(LossObjective("kl", row({7, 7 + log3}, {0.25, 0.75})).gradient(), near({0, 0}));
    // The first step of a target that evolves from the uniform distribution (3 classes, t = 0.1).
    EXPECT_NEAR(value("kl", row({0, 0, 0}, {0.4, 0.3, 0.3})), 0.0097, 5e-5);
}

TEST(SquaredError, IsTheMeanOverTheOutputs) {
    EXPECT_NEAR(value("squared-error", row({1, 3}, {0, 1})), 2.5, 1e-15);
    EXPECT_EQ(value("squared-error", row({0.5, 3}, {0.5, 3})), 0);
    EXPECT_NEAR(value("squared-error:on=probabilities", row({0, log3}, {0, 1})), 1.0 / 16, 1e-15);
    EXPECT_NEAR(value("squared-error:on=probabilities", row({0, log3}, {0.25, 0.75})), 0, 1e-15);
}

TEST(SquaredError, OfOneOutputComparesItWithTheShareOfTheSecondClass) {
    EXPECT_NEAR(value("squared-error", single(0.2, {0.3, 0.7})), 0.25, 1e-15);
}

TEST(Hinge, TheRightClassMustWinByTheMargin) {
    EXPECT_NEAR(value("hinge", row({2, 1, 0}, {0, 1, 0})), 2, 1e-15);
    EXPECT_NEAR(value("hinge:margin=3", row({2, 1, 0}, {0, 1, 0})), 4, 1e-15);
    EXPECT_NEAR(value("hinge", row({0, 0.25, 0}, {0, 1, 0})), 0.75, 1e-15);
    EXPECT_EQ(value("hinge", row({0, 5, 0}, {0, 1, 0})), 0);
    EXPECT_NEAR(value("hinge", row({2, 1, 0}, {0.5, 0.5, 0})), 1, 1e-15);
}

TEST(Hinge, OfOneOutputTheSignDecides) {
    EXPECT_NEAR(value("hinge", single(0.3, {0, 1})), 0.7, 1e-15);
    EXPECT_NEAR(value("hinge", single(0.3, {1, 0})), 1.3, 1e-15);
    EXPECT_EQ(value("hinge", single(2, {0, 1})), 0);
    EXPECT_NEAR(value("hinge:margin=3", single(2, {0, 1})), 1, 1e-15);
}

TEST(Logistic, OfOneOutputAndOfOneAClass) {
    const double softplus = std::log(1 + std::exp(0.5));
    EXPECT_NEAR(value("logistic", single(0.5, {0, 1})), softplus - 0.5, 1e-15);
    EXPECT_NEAR(value("logistic", single(0.5, {1, 0})), softplus, 1e-15);
    EXPECT_NEAR(value("logistic", single(0.5, {0.25, 0.75})), softplus - 0.375, 1e-15);
    EXPECT_NEAR(value("logistic", row({0.5, 0}, {1, 0})), (softplus - 0.5 + std::log(2)) / 2, 1e-15);
}

/// log(1 + exp(x)) to the last digit, whatever x is.
double exact_softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

// Where output and target agree, little is left of the loss, in single precision too: 4.5399e-5 at z = 10.
TEST(Logistic, NothingIsLostWhereOutputAndTargetAgree) {
    for (const char* text : {"logistic", "binary-kl"})
        for (double z = 0.5; z < 80; z += 0.75)  // which both precisions hold
            for (const Precision precision : {Precision::f64, Precision::f32}) {
                const double exact = exact_softplus(-z), close = precision == Precision::f64 ? 1e-14 : 1e-6;
                LossObjective second(text, single(z, {0, 1}), precision);
                LossObjective first(text, single(-z, {1, 0}), precision);
                EXPECT_NEAR(second.value(), exact, close * exact) << text << " " << z;
                EXPECT_NEAR(first.value(), exact, close * exact) << text << " " << z;
                const double slope = 1 / (1 + std::exp(z));
                EXPECT_NEAR(second.gradient()[0], -slope, close * slope) << text << " " << z;
                EXPECT_NEAR(first.gradient()[0], slope, close * slope) << text << " " << z;
            }
    EXPECT_NEAR(value("logistic", single(10, {0, 1})), 4.5398899e-5, 1e-12);
}

// Rounding takes no divergence below its minimum, and its derivatives stay those of the divergence there.
TEST(KullbackLeibler, IsNeverBelowZero) {
    int64_t at_zero = 0;
    for (uint64_t seed = 0; seed < 200; ++seed) {
        const Numbers z = test::normal_numbers(5, seed);
        double total = 0;
        Numbers softmax, sigmoid;
        for (const double x : z) total += std::exp(x);
        for (const double x : z) softmax.push_back(std::exp(x) / total);
        for (const double x : z) sigmoid.push_back(1 / (1 + std::exp(-x)));
        for (const Precision precision : {Precision::f64, Precision::f32}) {
            LossObjective one("kl", row(z, softmax), precision),
                many("binary-kl", row(z, sigmoid), precision);
            EXPECT_GE(one.value(), 0) << seed;
            EXPECT_GE(many.value(), 0) << seed;
            EXPECT_LT(std::max(one.value(), many.value()), 1e-6);
            at_zero += one.value() == 0 ? 1 : 0;
        }
    }
    EXPECT_GT(at_zero, 20);
    // The gradient softmax(z) - t, of the size of the step away from the minimum, is the same on both sides.
    LossObjective objective("kl", row({0, 1e-6, 0}, {1.0 / 3, 1.0 / 3, 1.0 / 3}), Precision::f32);
    EXPECT_THAT(objective.gradient(), near({-1e-6 / 9, 2e-6 / 9, -1e-6 / 9}, 1e-7));
}

TEST(Logistic, StaysFiniteOnExtremeLogits) {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        LossObjective objective("logistic", row({1e4, -1e4, -1e4, 1e4}, {1, 0, 1, 0}), precision);
        EXPECT_NEAR(objective.value(), 5e3, 1e-2);
        EXPECT_THAT(objective.gradient(), near({0, 0, -0.25, 0.25}));
    }
}

/// The Gaussian loss by its formula, for a bound of the precision.
double gaussian(double s, const Numbers& errors, double bound) {
    const double beta = 1 / (std::exp(-s) + 1 / bound);
    double total = 0;
    for (const double e : errors)
        total += 0.5 * (beta * e * e - std::log(beta) + std::log(2 * std::numbers::pi));
    return total / static_cast<double>(errors.size());
}

TEST(GaussianLikelihood, IsTheNegativeLogDensity) {
    LossObjective objective("gaussian", row({1, 3}, {0, 5}));
    ASSERT_EQ(objective.objective.dimension(), 3);
    // At precision 1: the density of the standard normal distribution, but for the bound of 1e6.
    EXPECT_NEAR(objective.value(), (0.5 + 2) / 2 + 0.5 * std::log(2 * std::numbers::pi), 2e-6);
    objective.set(2, std::log(4));
    EXPECT_NEAR(objective.value(), gaussian(std::log(4), {1, -2}, 1e6), 1e-12);
}

TEST(GaussianLikelihood, ThePrecisionIsBoundedAndCanComeBack) {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        LossObjective objective("gaussian:largest_precision=2", row({1, 3}, {1, 3}), precision);
        objective.set(2, 50);
        // Perfect predictions at the largest precision: the least value there is.
        EXPECT_NEAR(objective.value(), 0.5 * (std::log(2 * std::numbers::pi) - std::log(2)), 1e-6);
        for (const double s : {-1000.0, 1000.0}) {
            objective.set(2, s);
            EXPECT_TRUE(std::isfinite(objective.value())) << s;
            EXPECT_THAT(objective.gradient(),
                        testing::Each(testing::Truly([](double g) { return std::isfinite(g); })));
        }
    }
    // Past the bound a large error still lowers the precision again.
    LossObjective objective("gaussian:largest_precision=2", row({9}, {0}));
    objective.set(1, 5);
    EXPECT_GT(objective.gradient()[1], 0.1);
    test::expect_gradient(objective.objective, objective.theta());
}

TEST(GaussianLikelihood, OfOneOutputComparesItWithTheShareOfTheSecondClass) {
    EXPECT_NEAR(value("gaussian", single(0.2, {0.3, 0.7})), gaussian(0, {0.5}, 1e6), 1e-12);
}

TEST(Losses, GradientsOfAllOfThem) {
    const Numbers soft{0.2, 0.5, 0.3, 0, 1, 0, 0.6, 0, 0.4, 1, 0, 0};
    const auto check = [](const std::string& text, const LossCase& sample) {
        SCOPED_TRACE(text);
        LossObjective objective(text, sample);
        Numbers theta = objective.theta();
        test::expect_gradient(objective.objective, theta);
    };
    std::vector<std::string> texts{"squared-error:on=probabilities", "hinge:margin=0.3"};
    for (const auto& entry : losses().entries()) texts.push_back(entry.name);
    for (const auto& text : texts) {
        check(text, {{4, 3}, test::normal_numbers(12, 4), {4, 3}, soft});
        if (losses().make(Spec::parse(text)).prediction != Prediction::softmax)
            check(text, {{3, 1}, {0.25, -2, 0.8}, {3, 2}, {0, 1, 1, 0, 0.3, 0.7}});
    }
}

TEST(Losses, SayHowOutputsPredict) {
    const auto prediction = [](const std::string& text) {
        return losses().make(Spec::parse(text)).prediction;
    };
    EXPECT_EQ(prediction("cross-entropy"), Prediction::softmax);
    EXPECT_EQ(prediction("kl"), Prediction::softmax);
    EXPECT_EQ(prediction("squared-error"), Prediction::values);
    EXPECT_EQ(prediction("squared-error:on=probabilities"), Prediction::softmax);
    EXPECT_EQ(prediction("hinge"), Prediction::scores);
    EXPECT_EQ(prediction("logistic"), Prediction::sigmoid);
    EXPECT_EQ(prediction("gaussian"), Prediction::values);
}

TEST(Losses, RefuseUnknownNamesAndSettings) {
    test::expect_refused([] { losses().make(Spec::parse("cross-entorpy")); },
                         {"cross-entorpy", "did you mean 'cross-entropy'"});
    test::expect_refused([] { losses().make(Spec::parse("hinge:margin=0")); }, {"hinge:margin", "above 0"});
    test::expect_refused([] { losses().make(Spec::parse("squared-error:on=logits")); },
                         {"outputs", "probabilities", "logits"});
}

}  // namespace
}  // namespace ravine
