#include "ravine/lab/run/metrics_log.hpp"

#include <cmath>
#include <limits>

#include "tests/data/support.hpp"

namespace ravine {
namespace {

using namespace test;

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

TEST(MetricsLog, WhatIsWrittenIsReadBackToTheLastBit) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "metrics.jsonl";
    {
        MetricsLog log(path, {});
        log.on_step({1, 1, 1.0 / 3, 0.1, 1e-300, 0.25, BatchOutcome::updated, 1, 2.75});
        log.on_step({2, 1, std::numeric_limits<double>::infinity(), 0.1, 2, 0.5});
        log.on_evaluation({.step = 2,
                           .epoch = 1,
                           .train_loss = 0.7,
                           .validation = {2.0 / 3, undefined},
                           .seconds = 0.75,
                           .updates = 2,
                           .work = 6.5});
    }
    EXPECT_EQ(contents_of(path),
              "{\"step\":1,\"epoch\":1,\"train_loss\":0.3333333333333333,\"learning_rate\":0.1,"
              "\"gradient_norm\":1e-300,\"seconds\":0.25,\"work\":2.75}\n"
              "{\"step\":2,\"epoch\":1,\"train_loss\":null,\"learning_rate\":0.1,"
              "\"gradient_norm\":2.0,\"seconds\":0.5,\"work\":0.0}\n"
              "{\"step\":2,\"epoch\":1,\"validation_loss\":0.6666666666666666,\"validation_accuracy\":null,"
              "\"train_loss\":0.7,\"seconds\":0.75,\"work\":6.5}\n");
    const Metrics metrics = read_metrics(path);
    ASSERT_EQ(metrics.steps.size(), 2U);
    EXPECT_EQ(metrics.steps[0].train_loss, 1.0 / 3);
    EXPECT_EQ(metrics.steps[0].gradient_norm, 1e-300);
    EXPECT_TRUE(std::isnan(metrics.steps[1].train_loss));
    ASSERT_EQ(metrics.evaluations.size(), 1U);
    EXPECT_EQ(metrics.evaluations[0].validation.loss, 2.0 / 3);
    EXPECT_EQ(metrics.evaluations[0].train_loss, 0.7);
    EXPECT_TRUE(std::isnan(metrics.evaluations[0].validation.accuracy));
    EXPECT_EQ(metrics.steps[0].work, 2.75);
    EXPECT_EQ(metrics.evaluations[0].work, 6.5);
}

TEST(MetricsLog, GatedBatchesTemperaturesAndTargetsOnTheirWayAreKept) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "metrics.jsonl";
    {
        MetricsLog log(path, {});
        log.on_step({1, 1, 0.5, undefined, undefined, 0.25, BatchOutcome::gated, 2.5});
        log.on_step({2, 1, 0.5, 0.1, 1, 0.25});
        log.on_evaluation({.step = 3, .epoch = 1, .updates = 1, .gated = 2, .t = 0.3});
    }
    const Metrics metrics = read_metrics(path);
    EXPECT_EQ(metrics.steps.at(0).outcome, BatchOutcome::gated);
    EXPECT_EQ(metrics.steps.at(1).outcome, BatchOutcome::updated);
    EXPECT_TRUE(std::isnan(metrics.steps[0].learning_rate));
    EXPECT_EQ(metrics.steps[0].temperature, 2.5);
    EXPECT_EQ(metrics.steps.at(1).temperature, 1);
    EXPECT_EQ(metrics.evaluations.at(0).updates, 1);
    EXPECT_EQ(metrics.evaluations[0].gated, 2);
    EXPECT_EQ(metrics.evaluations[0].t, 0.3);
}

TEST(MetricsLog, SaysWhatBecameOfABatch) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "metrics.jsonl";
    const std::vector<BatchOutcome> all{BatchOutcome::updated, BatchOutcome::rejected,
                                        BatchOutcome::converged, BatchOutcome::gated};
    {
        MetricsLog log(path, {});
        int64_t step = 0;
        for (const auto outcome : all) log.on_step({++step, 1, 0.5, 0.1, 1, 0.25, outcome});
    }
    EXPECT_EQ(contents_of(path).find("outcome"), contents_of(path).find("outcome\":\"rejected\""));
    const Metrics metrics = read_metrics(path);
    ASSERT_EQ(metrics.steps.size(), all.size());
    for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(metrics.steps[i].outcome, all[i]);
}

TEST(MetricsLog, ReadsTheNamesOfEarlierVersions) {
    const TemporaryFolder folder;
    const Metrics metrics = read_metrics(folder.write(
        "m",
        "{\"step\":1,\"epoch\":1,\"train_loss\":0.5,\"learning_rate\":null,\"gradient_norm\":null,"
        "\"seconds\":0.25,\"gated\":true}\n"
        "{\"step\":2,\"epoch\":1,\"validation_loss\":0.25,\"validation_accuracy\":0.5,"
        "\"epoch_train_loss\":0.7,\"seconds\":0.5,\"training_loss\":0.6,\"training_accuracy\":0.9}\n"));
    EXPECT_EQ(metrics.steps.at(0).outcome, BatchOutcome::gated);
    EXPECT_TRUE(std::isnan(metrics.steps[0].work));
    EXPECT_EQ(metrics.evaluations.at(0).train_loss, 0.7);
    EXPECT_EQ(metrics.evaluations[0].training.loss, 0.6);
    EXPECT_EQ(metrics.evaluations[0].training.accuracy, 0.9);
    EXPECT_TRUE(std::isnan(metrics.evaluations[0].work));
}

TEST(MetricsLog, LinesAreOnTheDiskAtOnce) {
    const TemporaryFolder folder;
    MetricsLog log(folder.path() / "m", {});
    log.on_step({1, 1, 1, 1, 1, 1});
    EXPECT_EQ(read_metrics(folder.path() / "m").steps.size(), 1U);
}

/// What is kept of a log when a run goes on at a state.
std::string kept(const std::string& lines, const TrainState& state) {
    const TemporaryFolder folder;
    const std::string path = folder.write("m", lines);
    { MetricsLog log(path, state); }
    return contents_of(path);
}

TEST(MetricsLog, IsCutBackToWhereTheRunStands) {
    const std::string one = "{\"step\":1,\"epoch\":1}\n", four = "{\"step\":4,\"epoch\":1}\n",
                      first = "{\"step\":6,\"epoch\":1,\"validation_loss\":1}\n",
                      eight = "{\"step\":8,\"epoch\":2}\n",
                      stopped = "{\"step\":8,\"epoch\":2,\"validation_loss\":1}\n",
                      nine = "{\"step\":9,\"epoch\":2}\n";
    EXPECT_EQ(kept(one + four + first + eight + nine, {.step = 8, .epoch = 1}), one + four + first + eight);
    // An evaluation at the end of an epoch stays, one in the middle was made because the run stopped there.
    EXPECT_EQ(kept(one + four + first, {.step = 6, .epoch = 1}), one + four + first);
    EXPECT_EQ(kept(one + four + first + eight + stopped, {.step = 8, .epoch = 1}),
              one + four + first + eight);
    EXPECT_EQ(kept(one + four, {.step = 0}), "");  // begins anew
}

TEST(MetricsLog, IsCutAtWhatIsNoMetric) {
    const std::string one = "{\"step\":1,\"epoch\":1}\n", two = "{\"step\":2,\"epoch\":1}\n";
    for (const std::string bad : {"{\"step\":2,\"ep", "5\n", "[]\n", "{\"step\":\"2\",\"epoch\":1}\n", "\n",
                                  "{}\n", "null\n", "{\"step\":1.5,\"epoch\":1}\n"}) {
        EXPECT_EQ(kept(one + bad + two, {.step = 9, .epoch = 3}), one) << bad;
        const TemporaryFolder folder;
        const std::string path = folder.write("m", one + bad);
        expect_error(2, [&] { read_metrics(path); }, {path + ":2: expected a metric"});
    }
}

TEST(MetricsLog, GoesOnWithoutAFile) {
    const TemporaryFolder folder;
    { MetricsLog log(folder.path() / "m", {.step = 4}); }
    EXPECT_EQ(contents_of(folder.path() / "m"), "");
    expect_error(1, [&] { MetricsLog log(folder.path() / "no" / "folder", {}); }, {"cannot write"});
}

}  // namespace
}  // namespace ravine
