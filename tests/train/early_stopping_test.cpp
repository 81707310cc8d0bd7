#include "ravine/train/training/stopping.hpp"

#include <limits>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using test::Bench;
using test::Case;
using test::Numbers;

/// Moves the parameters to the next of given multiples of (1, -2, 1, -2, ...), so that the course of a run is
/// known beforehand.
class Course : public Optimizer {
public:
    explicit Course(std::vector<double> values) : values_(std::move(values)) {}
    StepReport step(Objective& objective, Parameters& parameters) override {
        StepReport report{.outcome = StepOutcome::updated, .loss = objective.value(parameters)};
        const double value = values_.at(static_cast<size_t>(steps_++));
        const auto weights = parameters.write();
        for (int64_t i = 0; i < weights->size(); ++i) weights->set(i, i % 2 == 0 ? value : -2 * value);
        return report;
    }
    int64_t steps() const override { return steps_; }
    SavedState state() override { return {.counters = {{"steps", &steps_}}}; }

private:
    std::vector<double> values_;
    int64_t steps_ = 0;
};

/// One update an epoch. The classes are alike, so that the loss of a linear model grows with its weights.
Case course_of(const Stopping& stopping, int64_t epochs) {
    Case given{.model = "linear"};
    given.options = {.epochs = epochs, .batch = 1000};
    given.options.stopping = stopping;
    return given;
}

Bench along(const Stopping& stopping, const std::vector<double>& weights) {
    const Case given = course_of(stopping, std::ssize(weights));
    return Bench(given, test::parts_of(given), std::make_unique<Course>(weights));
}

constexpr auto early = Stopping::Kind::early;

TEST(EarlyStopping, EndsAfterItsPatienceAndResultsInTheBestWeights) {
    Bench bench = along({.kind = early, .patience = 2}, {0.5, 0.1, 0.2, 0.3, 0.05});
    const TrainOutcome outcome = bench.run();
    EXPECT_EQ(outcome.reason, StopReason::early);
    EXPECT_EQ(outcome.criterion, "validation_loss has not improved by more than 0 for 2 epochs");
    EXPECT_EQ(bench.state.epoch, 4);
    EXPECT_EQ(bench.state.best_epoch, 2);
    const auto result = bench.trainer.result(bench.state);
    EXPECT_EQ(result.which, WhichWeights::best);
    EXPECT_FLOAT_EQ(static_cast<float>(result.parameters.values().at(0)), 0.1F);
    // Training itself stands where it was: it can go on from there.
    EXPECT_FLOAT_EQ(static_cast<float>(bench.parameters.values().at(0)), 0.3F);
    EXPECT_EQ(outcome.validation.loss, bench.heard.evaluations.at(1).validation.loss);
    // A run that has ended so stays ended.
    EXPECT_EQ(bench.run().reason, StopReason::early);
    EXPECT_EQ(bench.state.epoch, 4);
}

TEST(EarlyStopping, AnEndByTheEpochsHasTheBestWeightsToo) {
    Bench bench = along({.kind = early, .patience = 10}, {0.1, 0.5});
    EXPECT_EQ(bench.run().reason, StopReason::epochs);
    EXPECT_EQ(bench.trainer.result(bench.state).which, WhichWeights::best);
    EXPECT_FLOAT_EQ(static_cast<float>(bench.trainer.result(bench.state).parameters.values().at(0)), 0.1F);
}

TEST(EarlyStopping, WithoutItTheLastWeightsAreTheResult) {
    Bench bench = along({}, {0.1, 0.5, 0.6, 0.7});
    EXPECT_EQ(bench.run().reason, StopReason::epochs);
    EXPECT_EQ(bench.state.best_epoch, 1);
    EXPECT_EQ(bench.trainer.result(bench.state).which, WhichWeights::last);
    EXPECT_FLOAT_EQ(static_cast<float>(bench.trainer.best(bench.state)->parameters.values().at(0)), 0.1F);
}

TEST(EarlyStopping, AnImprovementIsMoreThanTheLeastChange) {
    // From 0.5 on every epoch is a little better, but never by 10.
    Bench bench = along({.kind = early, .patience = 3, .min_change = 10}, {0.5, 0.4, 0.3, 0.2, 0.1});
    EXPECT_EQ(bench.run().reason, StopReason::early);
    EXPECT_EQ(bench.state.best_epoch, 1);
    EXPECT_EQ(bench.state.epoch, 4);
}

TEST(EarlyStopping, MonitorsAnyMetricThatTheRunHas) {
    for (const char* monitor : {"train_loss", "validation_accuracy", "validation_loss"}) {
        Bench bench =
            along({.kind = early, .monitor = monitor, .patience = 2}, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5});
        EXPECT_EQ(bench.run().reason, StopReason::early) << monitor;
    }
    EXPECT_THROW(along({.kind = early, .monitor = "train_accuracy"}, {1}), RequestError);  // not looked at
    EXPECT_THROW(along({.kind = early, .monitor = "loss"}, {1}), RequestError);
    Case given = course_of({.kind = early}, 1);
    Parts parts = test::parts_of(given);
    parts.validation = parts.validation.subset({});
    EXPECT_THROW(Bench(given, parts), RequestError);
}

TEST(EarlyStopping, ADivergedRunHasTheBestWeights) {
    const double infinity = std::numeric_limits<double>::infinity();
    Bench bench = along({.kind = early}, {0.1, 0.5, infinity});
    EXPECT_EQ(bench.run().reason, StopReason::diverged);
    EXPECT_FLOAT_EQ(static_cast<float>(bench.trainer.result(bench.state).parameters.values().at(0)), 0.1F);
}

/// Says after some steps that it has converged.
class Converging : public test::Watcher {
public:
    StepReport step(Objective& objective, Parameters& parameters) override {
        StepReport report = Watcher::step(objective, parameters);
        if (steps() == 4) {
            report.outcome = StepOutcome::converged;
            report.reason = "the gradient is 0";
        }
        return report;
    }
};

TEST(Converged, EndsTheRunWellAndSaysWhy) {
    Case given;
    Bench bench(given, test::parts_of(given), std::make_unique<Converging>());
    const TrainOutcome outcome = bench.run();
    EXPECT_EQ(outcome.reason, StopReason::converged);
    EXPECT_EQ(outcome.criterion, "the gradient is 0");
    EXPECT_EQ(bench.state.step, 4);
    EXPECT_EQ(bench.run().reason, StopReason::converged);
    EXPECT_EQ(bench.state.step, 4);
}

}  // namespace
}  // namespace ravine
