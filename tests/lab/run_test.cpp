#include "ravine/lab/run/run.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "ravine/data/formats/safetensors.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Hears the numbers as they are.
struct Ears : TrainListener {
    std::vector<StepEvent> steps;
    std::vector<EvaluationEvent> evaluations;
    void on_step(const StepEvent& event) override { steps.push_back(event); }
    void on_evaluation(const EvaluationEvent& event) override { evaluations.push_back(event); }
};

TEST_F(RunTest, LearnsTheSpiralWithTheDefaults) {
    Experiment e;
    e.dataset = "spiral";
    e.epochs = 15;
    const RunFolder to = folder("run");
    const RunResult result = train_in(to, e);
    EXPECT_GT(result.test.accuracy, 0.97);
    const Json summary = summary_of(to);
    EXPECT_EQ(summary["status"], "done");
    EXPECT_EQ(summary["stop_reason"], "epochs");
    EXPECT_EQ(summary["test_accuracy"], result.test.accuracy);
    EXPECT_EQ(summary["test_loss"], result.test.loss);
    EXPECT_EQ(summary["validation_accuracy"], result.outcome.validation.accuracy);
    EXPECT_EQ(summary["train_loss"], result.outcome.train_loss);
    EXPECT_LE(summary["validation_accuracy"], 1);  // a fraction, no percentage
}

TEST_F(RunTest, WritesEveryFile) {
    const RunFolder to = folder("run");
    train_in(to, small_experiment());
    for (const auto& file : {to.config(), to.data(), to.metrics(), to.summary(), to.model(), to.best(),
                             to.checkpoint(), to.boundary_csv(), to.points_csv(), to.report()})
        EXPECT_TRUE(fs::is_regular_file(file)) << file;
    EXPECT_EQ(std::distance(fs::directory_iterator(to.path), {}), 10 + 1);  // the lock, and nothing temporary
}

TEST_F(RunTest, DrawsPictures) {
    const char* usual = "/usr/local/bin:/usr/bin:/bin";
    const Environment path("PATH", usual);
    if (!fs::exists("/usr/bin/gnuplot") && !fs::exists("/usr/local/bin/gnuplot"))
        GTEST_SKIP() << "no gnuplot";
    const RunFolder to = folder("run");
    train_in(to, small_experiment());
    EXPECT_THAT(contents_of(to.curves()), HasSubstr("<svg"));
    EXPECT_THAT(contents_of(to.boundary()), HasSubstr("<svg"));
    Experiment e = small_experiment();
    e.dataset = "noisy-sine:examples=50";
    e.validation_share = 0;
    const RunFolder values = folder("values");
    train_in(values, e);
    EXPECT_THAT(contents_of(values.curves()), HasSubstr("<svg"));
    EXPECT_FALSE(fs::exists(values.boundary()));
    EXPECT_FALSE(fs::exists(values.boundary_csv()));
}

TEST_F(RunTest, MetricsHaveExactlyTheirKeysAtFullPrecision) {
    const RunFolder to = folder("run");
    Ears ears;
    Experiment e = small_experiment();
    e.log_every = 4;
    train_in(to, e, {&ears});
    size_t steps = 0, evaluations = 0;
    for (const Json& line : metrics_of(to)) {
        if (line.contains("validation_loss")) {
            EXPECT_THAT(keys_of(line), ElementsAre("step", "epoch", "validation_loss", "validation_accuracy",
                                                   "train_loss", "seconds", "work"));
            const EvaluationEvent& event = ears.evaluations.at(evaluations++);
            EXPECT_EQ(line["step"], event.step);
            EXPECT_EQ(line["epoch"], event.epoch);
            EXPECT_EQ(line["validation_loss"], event.validation.loss);
            EXPECT_EQ(line["validation_accuracy"], event.validation.accuracy);
            EXPECT_EQ(line["train_loss"], event.train_loss);
        } else {
            EXPECT_THAT(keys_of(line), ElementsAre("step", "epoch", "train_loss", "learning_rate",
                                                   "gradient_norm", "seconds", "work"));
            const StepEvent& event = ears.steps.at(steps++);
            EXPECT_EQ(line["step"], event.step);
            EXPECT_EQ(line["epoch"], event.epoch);
            EXPECT_EQ(line["train_loss"], event.train_loss);
            EXPECT_EQ(line["learning_rate"], event.learning_rate);
            EXPECT_EQ(line["gradient_norm"], event.gradient_norm);
            EXPECT_GE(line["seconds"], 0);
        }
    }
    EXPECT_EQ(steps, 5U);  // 1, 4, 8, 12 and 16
    EXPECT_EQ(evaluations, 3U);
}

TEST_F(RunTest, SummaryHasItsKeysAndTheCountsAreRight) {
    Experiment e = small_experiment();
    e.dataset = "spiral:examples=1500";  // 900, 300 and 300
    e.batch = 100;
    const RunFolder to = folder("run");
    train_in(to, e);
    const Json s = summary_of(to);
    EXPECT_THAT(
        keys_of(s),
        ElementsAre("status", "stop_reason", "steps", "epochs", "seconds", "train_loss", "validation_loss",
                    "validation_accuracy", "test_loss", "test_accuracy", "best_epoch", "best_validation_loss",
                    "best_validation_accuracy", "weights", "forward_passes", "backward_passes", "work",
                    "updates", "gated_batches", "forward_seconds", "backward_seconds", "update_seconds",
                    "parameters", "trained_parameters", "training_examples", "validation_examples",
                    "test_examples"));
    EXPECT_EQ(s["steps"], 27);
    EXPECT_EQ(s["updates"], 27);
    EXPECT_EQ(s["epochs"], 3);
    EXPECT_EQ(s["backward_passes"], 27);
    EXPECT_EQ(s["forward_passes"], 27 + 3 * 2);  // 300 validation examples are two batches
    EXPECT_EQ(s["work"], metrics_of(to).back()["work"]);
    EXPECT_GT(s["work"], 1.5 * 27 + 6);
    EXPECT_LT(s["work"], 3 * 27 + 6);
    EXPECT_EQ(s["parameters"], 8 * 2 + 8 + 3 * 8 + 3);
    EXPECT_EQ(s["training_examples"], 900);
    EXPECT_EQ(s["validation_examples"], 300);
    EXPECT_EQ(s["test_examples"], 300);
    double best = std::numeric_limits<double>::infinity();
    for (const Json& line : metrics_of(to)) {
        if (!line.contains("validation_loss") || line["validation_loss"] >= best) continue;
        best = line["validation_loss"];
        EXPECT_LE(line["epoch"], s["best_epoch"]);
    }
    EXPECT_EQ(s["best_validation_loss"], best);
}

TEST_F(RunTest, WhatDoesNotExistIsNull) {
    Experiment e = small_experiment();
    e.dataset = "noisy-sine:examples=100";
    e.validation_share = 0;
    const RunFolder to = folder("run");
    const RunResult result = train_in(to, e);
    const Json s = summary_of(to);
    for (const char* key : {"validation_loss", "validation_accuracy", "test_accuracy", "best_validation_loss",
                            "best_validation_accuracy"})
        EXPECT_TRUE(s[key].is_null()) << key;
    EXPECT_EQ(s["best_epoch"], 0);
    EXPECT_TRUE(s["test_loss"].is_number());
    EXPECT_EQ(s["test_rmse"], result.test_rmse);
    EXPECT_NEAR(result.test_rmse, std::sqrt(result.test.loss), 1e-6);  // a made set is not normalised
}

TEST_F(RunTest, NumbersThatAreNotFiniteAreToldAndTheLastGoodWeightsAreKept) {
    Experiment e = small_experiment();
    e.optimizer = "sgd:learning_rate=1e30";
    const RunFolder to = folder("run");
    ravine::Run run(e, say_nothing);
    const auto initial = run.parameters().values().to_doubles();
    const RunResult result = run.train(to, {});
    EXPECT_EQ(result.outcome.reason, StopReason::diverged);
    const Json s = summary_of(to);
    EXPECT_EQ(s["status"], "diverged");
    EXPECT_EQ(s["stop_reason"], "diverged: step 2: the loss is nan, first in layer '2'");
    EXPECT_EQ(s["steps"], 1);
    EXPECT_EQ(s["updates"], 1);
    std::vector<double> saved;
    for (const auto& tensor : read_safetensors(to.model()).tensors)
        for (const double x : tensor.data.to_doubles()) saved.push_back(x);
    EXPECT_EQ(saved, initial);
    EXPECT_FALSE(fs::exists(to.checkpoint()));  // there is nothing good to go on with
    expect_error(2, [&] { resume_in(to); }, {"checkpoint.safetensors: no such file"});
}

TEST_F(RunTest, WeightsToStartWithThatAreNotFinite) {
    const RunFolder first = folder("first");
    Experiment e = small_experiment();
    train_in(first, e);
    TensorFile file = read_safetensors(first.model());
    file.tensors[0].data.set(0, std::numeric_limits<double>::quiet_NaN());
    e.init = (temporary.path() / "nan.safetensors").string();
    write_safetensors(e.init, file);
    const RunFolder to = folder("run");
    EXPECT_EQ(train_in(to, e).outcome.reason, StopReason::diverged);
    EXPECT_EQ(
        summary_of(to)["stop_reason"],
        "diverged: step 1: the loss is nan, first in layer '0'; parameters of '0.weight' are not finite");
    EXPECT_TRUE(summary_of(to)["train_loss"].is_null());
}

TEST_F(RunTest, TheConfigRunsItAgainBitForBit) {
    Experiment e = small_experiment();
    e.model = "mlp:hidden=8,dropout=0.2,normalization=batch";
    e.optimizer = "nadam:learning_rate=0.01";
    e.clip = "norm:limit=0.5";
    e.l2 = 1.0 / 3 * 1e-3;
    e.weight_decay = 0.01;
    e.batch = 1000;  // more than there are
    const RunFolder a = folder("a"), b = folder("b"), c = folder("c");
    train_in(a, e);
    Experiment again;
    read_experiment(again, a.config());
    train_in(b, again);
    EXPECT_EQ(contents_of(a.model()), contents_of(b.model()));
    EXPECT_EQ(contents_of(a.config()), contents_of(b.config()));
    again.seed = 2;
    train_in(c, again);
    EXPECT_NE(contents_of(a.model()), contents_of(c.model()));
}

// Each of these settings changes what the optimizer does.
TEST_F(RunTest, EverySettingReachesTheTraining) {
    const auto weights = [](const auto& change) {
        const TemporaryFolder temporary;
        Experiment e = small_experiment();
        e.schedule = "constant";
        e.threads = 1;
        change(e);
        ravine::Run run(e, say_nothing);
        run.train({temporary.path()}, {});
        return run.parameters().values().to_doubles();
    };
    const auto plain = weights([](Experiment&) {});
    EXPECT_EQ(weights([](Experiment& e) { e.log_every = 1; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.schedule = "linear"; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.clip = "norm:limit=0.01"; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.weight_decay = 0.1; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.l2 = 0.1; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.sampler = "iid"; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.batch = 16; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.initializer = "orthogonal"; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.max_steps = 17; }), plain);
    EXPECT_NE(weights([](Experiment& e) { e.loss = "hinge"; }), plain);
    const auto twice = weights([](Experiment& e) { e.precision = "f64"; });
    EXPECT_NE(twice, plain);
    EXPECT_THAT(twice, testing::Pointwise(testing::DoubleNear(1e-3), plain));
}

TEST_F(RunTest, DefaultThreadsAreFewForASmallModelAndAreWrittenDown) {
    const RunFolder to = folder("run");
    train_in(to, small_experiment());
    EXPECT_THAT(contents_of(to.config()), HasSubstr("threads = 1\n"));
}

}  // namespace
}  // namespace ravine
