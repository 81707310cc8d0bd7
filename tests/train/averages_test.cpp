#include "ravine/train/averages/averaging.hpp"

#include <cmath>
#include <limits>

#include "ravine/train/averages/averaged_weights.hpp"
#include "tests/train/support.hpp"

namespace ravine {
namespace {

using test::AfterUpdate;
using test::Bench;
using test::Case;
using test::Numbers;

Case averaged(Averaging averaging) {
    Case given;
    given.options.averaging = averaging;
    given.options.compile.precision = Precision::f64;
    return given;
}

/// The weights after every update of a run, and the trainer's average at its end.
struct Averages {
    std::vector<Numbers> passed;
    Numbers mean;
    WhichWeights which;
};

Averages run(const Case& given) {
    Bench bench(given);
    Averages result;
    AfterUpdate copy([&](const StepEvent&) { result.passed.push_back(bench.weights()); });
    bench.run({&copy});
    const auto weights = bench.trainer.result(bench.state);
    result.mean = weights.parameters.values().to_doubles();
    result.which = weights.which;
    return result;
}

TEST(Averaging, PolyaksIsTheMeanOfTheSecondHalf) {
    const Averages got = run(averaged({.kind = Averaging::Kind::polyak, .start = 0.5}));
    EXPECT_EQ(got.which, WhichWeights::average);
    const size_t steps = got.passed.size();
    ASSERT_EQ(steps, 18U);
    for (size_t i = 0; i < got.mean.size(); ++i) {
        double sum = 0;
        for (size_t k = 9; k < steps; ++k) sum += got.passed[k][i];  // after updates 10 to 18
        EXPECT_NEAR(got.mean[i], sum / 9, 1e-13);
    }
}

TEST(Averaging, TheExponentialOneWeighsTheNewestMost) {
    const double decay = 0.9;
    const Averages got = run(averaged({.kind = Averaging::Kind::ema, .decay = decay}));
    const size_t steps = got.passed.size();
    for (size_t i = 0; i < got.mean.size(); ++i) {
        double sum = 0, weights = 0;
        for (size_t k = 0; k < steps; ++k) {
            const double weight = (1 - decay) * std::pow(decay, steps - 1 - k);
            sum += weight * got.passed[k][i];
            weights += weight;
        }
        EXPECT_NEAR(got.mean[i], sum / weights, 1e-13);
    }
}

/// sum_k C(k) theta_k / sum_k C(k), where C(k) = k (k + 1) ... (k + gamma - 1): what the recursion comes to.
TEST(Averaging, ThePolynomialOneWeighsByAPowerOfTheUpdate) {
    for (const int gamma : {0, 1, 3}) {
        const Averages got =
            run(averaged({.kind = Averaging::Kind::polynomial, .gamma = static_cast<double>(gamma)}));
        EXPECT_EQ(got.which, WhichWeights::average);
        for (size_t i = 0; i < got.mean.size(); ++i) {
            double sum = 0, weights = 0;
            for (size_t k = 1; k <= got.passed.size(); ++k) {
                double weight = 1;
                for (int j = 0; j < gamma; ++j) weight *= static_cast<double>(k) + j;
                sum += weight * got.passed[k - 1][i];
                weights += weight;
            }
            EXPECT_NEAR(got.mean[i], sum / weights, 1e-13);
        }
    }
}

// The recursion of Ivgi, Hinder and Carmon 2023 with gamma = 8, which dog asks for unless it is told
// otherwise.
TEST(Averaging, TheOptimizerSaysWhichOneItPromisesSomethingOf) {
    Case given = averaged(TrainOptions{}.averaging);
    given.optimizer = "dog:initial_step=0.01";
    const Averages promised = run(given);
    EXPECT_EQ(promised.which, WhichWeights::average);
    for (size_t i = 0; i < promised.mean.size(); ++i) {
        double mean = 0;
        for (size_t t = 1; t <= promised.passed.size(); ++t) {
            const double weight = 9 / (static_cast<double>(t) + 8);
            mean = (1 - weight) * mean + weight * promised.passed[t - 1][i];
        }
        EXPECT_NEAR(promised.mean[i], mean, 1e-13);
        EXPECT_NE(promised.mean[i], promised.passed.back()[i]);
    }
    given.options.averaging = {};
    EXPECT_EQ(run(given).which, WhichWeights::last);
    EXPECT_EQ(run(given).passed, promised.passed);
    given.options.averaging = TrainOptions{}.averaging;
    given.optimizer = "prodigy";
    EXPECT_EQ(run(given).which, WhichWeights::last);
}

TEST(Averaging, TrainingKnowsNothingOfIt) {
    Bench plain(averaged({})), with(averaged({.kind = Averaging::Kind::polyak}));
    plain.run();
    with.run();
    EXPECT_EQ(plain.weights(), with.weights());
    EXPECT_EQ(plain.losses(), with.losses());
    EXPECT_NE(plain.heard.evaluations.back().validation.loss, with.heard.evaluations.back().validation.loss);
    EXPECT_EQ(plain.trainer.result(plain.state).which, WhichWeights::last);
}

TEST(Averaging, WhatIsEvaluatedIsTheAverage) {
    Bench bench(averaged({.kind = Averaging::Kind::polyak}));
    const TrainOutcome outcome = bench.run();
    const auto result = bench.trainer.result(bench.state);
    const Schema& schema = bench.parts.schema;
    const Scores scores = Evaluator(bench.network, bench.given.options.compile)
                              .evaluate(bench.parts.validation, schema.normalization,
                                        schema.target_normalization, result.parameters, result.buffers);
    EXPECT_EQ(outcome.validation.loss, scores.loss);
    EXPECT_EQ(bench.heard.evaluations.back().validation.loss, scores.loss);
}

// Each batch's own mean and variance, weighted by its examples: 50, 50, 50 and 30 of 180.
TEST(Averaging, RunningStatisticsAreTakenAnew) {
    Case given = averaged({.kind = Averaging::Kind::polyak});
    given.model = "mlp:hidden=4,normalization=batch";
    given.options.batch = 50;
    Bench bench(given);
    bench.run();
    const auto result = bench.trainer.result(bench.state);
    const Numbers w = result.parameters.values().to_doubles();
    const auto& data = bench.parts.training;
    const auto& normal = bench.parts.schema.normalization;
    for (size_t unit = 0; unit < 4; ++unit) {
        double mean = 0, variance = 0;
        for (int64_t begin = 0; begin < 180; begin += 50) {
            const int64_t end = std::min<int64_t>(180, begin + 50), count = end - begin;
            double sum = 0, squares = 0;
            for (int64_t i = begin; i < end; ++i) {
                const double a = w[2 * unit] * normal.apply(data.feature(i, 0), 0) +
                                 w[2 * unit + 1] * normal.apply(data.feature(i, 1), 1);
                sum += a;
                squares += a * a;
            }
            const auto n = static_cast<double>(count);
            mean += sum / 180;
            variance += n / 180 * (squares - sum * sum / n) / (n - 1);
        }
        const auto at = [&](const char* name) {
            return result.buffers.at(bench.network.buffers().find(name)->offset + static_cast<int64_t>(unit));
        };
        EXPECT_NEAR(at("1.running_mean"), mean, 1e-12);
        EXPECT_NEAR(at("1.running_var"), variance, 1e-12);
    }
    EXPECT_NE(result.buffers.to_doubles(), bench.buffers.to_doubles());
}

/// Moves the weights to 1, 2, ... by a step an epoch, and after `good` of them to infinity.
class Exploding : public test::Watcher {
public:
    explicit Exploding(int64_t good) : good_(good) {}
    StepReport step(Objective& objective, Parameters& parameters) override {
        const StepReport report = Watcher::step(objective, parameters);
        parameters.write()->fill(steps() <= good_ ? static_cast<double>(steps())
                                                  : std::numeric_limits<double>::infinity());
        return report;
    }

private:
    int64_t good_;
};

TEST(Averaging, ReturnsToItsLastGoodStateWithTheWeights) {
    Case given = averaged({.kind = Averaging::Kind::polyak});
    given.options.epochs = 5;
    given.options.batch = 1000;
    Bench bench(given, test::parts_of(given), std::make_unique<Exploding>(3));
    const TrainOutcome outcome = bench.run();
    EXPECT_EQ(outcome.reason, StopReason::diverged);
    const auto result = bench.trainer.result(bench.state);
    EXPECT_EQ(result.which, WhichWeights::average);
    EXPECT_EQ(result.parameters.values().at(0), 2);  // of 1, 2 and 3
    EXPECT_EQ(bench.parameters.values().at(0), 3);
    EXPECT_TRUE(std::isfinite(outcome.validation.loss));
}

TEST(Averaging, SpecsAreRead) {
    EXPECT_FALSE(averagings().make(Spec::parse("none")).exists());
    EXPECT_EQ(averagings().make(Spec::parse("polyak")).start, 0.5);
    EXPECT_EQ(averagings().make(Spec::parse("ema:decay=0.99")).decay, 0.99);
    EXPECT_EQ(averagings().make(Spec::parse("polynomial")).gamma, 8);
    EXPECT_EQ(averagings().make(Spec::parse("auto")).kind, Averaging::Kind::promised);
    EXPECT_THROW(averagings().make(Spec::parse("ema:decay=1")), RequestError);
    EXPECT_THROW(averagings().make(Spec::parse("polynomial:gamma=-1")), RequestError);
}

}  // namespace
}  // namespace ravine
