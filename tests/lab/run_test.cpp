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

using RunFolderTest = RunTest;
using RunRequestTest = RunTest;

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
                                                   "epoch_train_loss", "seconds"));
            const EvaluationEvent& event = ears.evaluations.at(evaluations++);
            EXPECT_EQ(line["step"], event.step);
            EXPECT_EQ(line["epoch"], event.epoch);
            EXPECT_EQ(line["validation_loss"], event.validation.loss);
            EXPECT_EQ(line["validation_accuracy"], event.validation.accuracy);
            EXPECT_EQ(line["epoch_train_loss"], event.train_loss);
        } else {
            EXPECT_THAT(keys_of(line), ElementsAre("step", "epoch", "train_loss", "learning_rate",
                                                   "gradient_norm", "seconds"));
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
                    "best_validation_accuracy", "weights", "forward_passes", "backward_passes", "updates",
                    "gated_batches", "forward_seconds", "backward_seconds", "update_seconds", "parameters",
                    "trained_parameters", "training_examples", "validation_examples", "test_examples"));
    EXPECT_EQ(s["steps"], 27);
    EXPECT_EQ(s["updates"], 27);
    EXPECT_EQ(s["epochs"], 3);
    EXPECT_EQ(s["backward_passes"], 27);
    EXPECT_EQ(s["forward_passes"], 27 + 3 * 2);  // 300 validation examples are two batches
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

TEST_F(RunTest, DivergenceIsToldAndTheLastGoodWeightsAreKept) {
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

// --- Requests
// ------------------------------------------------------------------------------------------------

TEST_F(RunRequestTest, WrongOnesAreRefusedInOneLine) {
    const auto refused = [](const auto& change, const std::vector<std::string>& parts) {
        Experiment e = small_experiment();
        change(e);
        expect_error(
            2, [&] { ravine::Run run(e, say_nothing); }, parts);
    };
    refused([](Experiment& e) { e.dataset = ""; }, {"no data set given"});
    refused([](Experiment& e) { e.dataset = "spirl"; }, {"unknown dataset 'spirl'; did you mean 'spiral'?"});
    refused([](Experiment& e) { e.model = "mpl"; }, {"unknown model 'mpl'", "'mlp'"});
    refused([](Experiment& e) { e.model = "lenet"; }, {"lenet"});
    refused([](Experiment& e) { e.model = "logistic"; }, {"logistic", "two classes"});
    refused([](Experiment& e) { e.optimizer = "adem"; }, {"unknown optimizer 'adem'", "'adam'"});
    refused([](Experiment& e) { e.optimizer = "adam:beta1=2"; }, {"beta1", "'2'"});
    refused([](Experiment& e) { e.schedule = "liner"; }, {"'liner'", "'linear'"});
    refused([](Experiment& e) { e.clip = "norm:limit=-1"; }, {"norm:limit", "'-1'"});
    refused([](Experiment& e) { e.loss = "hing"; }, {"'hing'", "'hinge'"});
    refused([](Experiment& e) { e.sampler = "random"; }, {"unknown sampling 'random'"});
    refused([](Experiment& e) { e.precision = "f16"; }, {"f16"});
    refused([](Experiment& e) { e.initializer = "nobody"; }, {"nobody"});
    refused([](Experiment& e) { e.target = "y"; }, {"--target is for tables"});
    refused([](Experiment& e) { e.validation_share = e.test_share = 0.5; }, {"less than 1 together"});
    refused(
        [](Experiment& e) {
            e.model = "mlp:normalization=batch";
            e.batch = 1;
        },
        {"layer '1'", "batch normalisation", "at least 2, found 1"});
    refused([](Experiment& e) { e.targets = "acet:increment=1e-300"; },
            {"acet:increment", "[0.0001, 1]", "'1e-300'"});
    refused([](Experiment& e) { e.targets = "acet:epochs_per_increment=9223372036854775807"; },
            {"targets: expected more than"});
    refused([](Experiment& e) { e.anneal = "temperature:start=1e-300"; },
            {"temperature:start", "[1e-06, 1000000]"});
    refused([](Experiment& e) { e.init = "/nowhere/w.safetensors"; },
            {"/nowhere/w.safetensors: no such file"});
}

/// The working folder, for the time of a test.
class WorkingFolder {
public:
    explicit WorkingFolder(const fs::path& path) : old_(fs::current_path()) { fs::current_path(path); }
    WorkingFolder(const WorkingFolder&) = delete;
    WorkingFolder& operator=(const WorkingFolder&) = delete;
    ~WorkingFolder() { fs::current_path(old_); }

private:
    fs::path old_;
};

TEST_F(RunRequestTest, PreparingARunWritesNothing) {
    const WorkingFolder here(temporary.path());
    ravine::Run run(small_experiment(), say_nothing);
    EXPECT_EQ(std::distance(fs::directory_iterator("."), {}), 0);
}

// --- Folders
// -------------------------------------------------------------------------------------------------

TEST_F(RunFolderTest, TheDefaultIsTheFirstFreeNumber) {
    const WorkingFolder here(temporary.path());
    EXPECT_EQ(RunFolder::create("", "spiral-mlp-adam").path, "runs/spiral-mlp-adam-1");
    EXPECT_EQ(RunFolder::create("", "spiral-mlp-adam").path, "runs/spiral-mlp-adam-2");
    temporary.write("runs/spiral-mlp-adam-3", "a file in the way");
    EXPECT_EQ(RunFolder::create("", "spiral-mlp-adam").path, "runs/spiral-mlp-adam-4");
    EXPECT_EQ(RunFolder::create("", "moons-mlp-adam").path, "runs/moons-mlp-adam-1");
    EXPECT_TRUE(fs::is_directory("runs/moons-mlp-adam-1"));
}

TEST_F(RunFolderTest, AnExistingRunIsNotOverwritten) {
    const RunFolder to = folder("run");
    const std::string config = temporary.write("run/config.toml", "epochs = 3\n");
    expect_error(2, [&] { RunFolder::create(to.path.string(), ""); },
                 {"holds a run already", "--resume " + to.path.string()});
    EXPECT_EQ(contents_of(config), "epochs = 3\n");
    EXPECT_EQ(RunFolder::open(to.path.string()).path, to.path);
}

TEST_F(RunFolderTest, WhatIsNotOfARunIsNotReplaced) {
    for (const char* name : {"metrics.jsonl", "model.safetensors", "best.safetensors", "report.html"}) {
        const std::string path = temporary.write(fmt::format("of {}/{}", name, name), "mine");
        expect_error(2, [&] { folder(fmt::format("of {}", name)); }, {name, "is there already", "--out"});
        EXPECT_EQ(contents_of(path), "mine");
    }
    temporary.write("study/study.json", "{}");
    expect_error(2, [&] { folder("study"); }, {"holds a study"});
    temporary.write("killed/trials/0.json", "{}");
    expect_error(2, [&] { folder("killed"); }, {"holds a study"});
    temporary.write("notes/notes.txt", "mine");  // which is in nobody's way
    EXPECT_TRUE(fs::is_directory(folder("notes").path));
}

TEST_F(RunFolderTest, OneAtATimeWritesIntoIt) {
    const std::string path = (temporary.path() / "run").string();
    {
        const RunFolder first = RunFolder::create(path, "");
        expect_error(1, [&] { RunFolder::create(path, ""); }, {path, "another process", "at work"});
        train_in(first, small_experiment());
        expect_error(1, [&] { RunFolder::reopen(path); }, {path, "another process", "at work"});
        EXPECT_EQ(RunFolder::open(path).path, path);  // who reads may
    }
    EXPECT_EQ(RunFolder::reopen(path).path, path);
    EXPECT_FALSE(fs::exists(path + "/.lock"));
}

TEST_F(RunFolderTest, AnEmptyFolderAndFoldersAboveItAreFine) {
    fs::create_directories(temporary.path() / "empty");
    EXPECT_TRUE(fs::is_directory(folder("empty").path));
    EXPECT_TRUE(fs::is_directory(folder("a/b/c").path));
}

TEST_F(RunFolderTest, WhereNothingCanBeWrittenIsRefused) {
    temporary.write("file", "");
    expect_error(2, [&] { folder("file"); }, {"cannot create the output folder", "file"});
    expect_error(2, [&] { folder("file/below"); }, {"cannot create the output folder", "file/below"});
    expect_error(2, [&] { RunFolder::create("/proc/run", ""); },
                 {"cannot create the output folder /proc/run"});
    if (geteuid() != 0) {  // root writes anywhere
        fs::create_directory(temporary.path() / "locked");
        fs::permissions(temporary.path() / "locked", fs::perms::owner_read | fs::perms::owner_exec);
        expect_error(2, [&] { folder("locked"); }, {"cannot write into the output folder"});
        expect_error(2, [&] { folder("locked/below"); }, {"cannot create the output folder"});
    }
    const WorkingFolder here(temporary.path());
    temporary.write("runs", "a file");
    expect_error(2, [&] { RunFolder::create("", "x"); }, {"cannot create the output folder runs"});
}

TEST_F(RunFolderTest, WhereThereIsNoRunIsRefused) {
    expect_error(2, [&] { RunFolder::open(temporary.path().string()); }, {"no run here (no config.toml)"});
    expect_error(2, [&] { RunFolder::open("/nowhere"); }, {"/nowhere: no run here"});
}

TEST_F(RunTest, SettingsThatWorkAgainstEachOtherAreNoted) {
    Experiment e = small_experiment();
    e.epochs = 12;
    e.targets = "acet:initial=0.4,increment=0.3,epochs_per_increment=2";  // t = 1 after 4 epochs of 6 batches
    e.schedule = "constant";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
    e.max_steps = 25;
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
    e.max_steps = 24;
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(),
                testing::ElementsAre(testing::HasSubstr("t may not reach 1 within 24 batches")));
    e.max_steps = 0;
    e.gate = "equilibrium";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
    e.schedule = "linear";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(),
                testing::ElementsAre(testing::HasSubstr("'linear' counts updates")));
    e.schedule = "warmup:steps=5+cosine";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(),
                testing::ElementsAre(testing::HasSubstr("'warmup+cosine' counts updates")));
}

// 6 batches in an epoch: the rate falls with each of them, and is full again where a period begins.
TEST_F(RunTest, AScheduleKnowsTheUpdatesOfAnEpoch) {
    Experiment e = small_experiment();  // 3 epochs
    e.optimizer = "sgd:learning_rate=0.5";
    e.schedule = "sgdr:period=1";
    e.log_every = 1;
    struct Rates : TrainListener {
        std::vector<double> values;
        void on_step(const StepEvent& event) override { values.push_back(event.learning_rate); }
    } rates;
    ravine::Run(e, say_nothing).train({&rates});
    ASSERT_EQ(rates.values.size(), 18U);
    for (size_t k = 0; k < 18; ++k) {
        const double t = k < 6 ? static_cast<double>(k) / 6 : static_cast<double>(k - 6) / 12;
        EXPECT_DOUBLE_EQ(rates.values[k], 0.25 * (1 + std::cos(std::numbers::pi * t))) << k;
    }
}

TEST_F(RunTest, AWarmupLongerThanTheRunIsNoted) {
    Experiment e = small_experiment();  // 18 updates
    e.schedule = "cosine:warmup=17";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
    e.schedule = "cosine:warmup=35";
    EXPECT_THAT(
        ravine::Run(e, say_nothing).notes(),
        testing::ElementsAre("schedule: the warm-up takes 35 updates and the run has 18: it ends at 50 % "
                             "of the learning rate"));
    e.schedule = "warmup";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(),
                testing::ElementsAre(testing::HasSubstr("takes 500 updates")));
}

TEST_F(RunTest, ALastBatchThatBatchNormalisationCannotUseIsNoted) {
    Experiment e = small_experiment();
    e.batch = 179;  // of 180
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
    e.model = "mlp:hidden=8,normalization=batch";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(),
                testing::ElementsAre(testing::HasSubstr("the last batch of an epoch is a single example")));
    e.batch = 178;
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
}

TEST_F(RunTest, ANullStartOfOneOutputIsRefused) {
    Experiment e = small_experiment();
    e.dataset = "moons:examples=100";
    e.model = "logistic";
    e.epochs = 50;
    e.targets = "acet:start=null";
    EXPECT_THROW(ravine::Run(e, say_nothing), RequestError);
    e.targets = "acet:start=uniform";
    EXPECT_NO_THROW(ravine::Run(e, say_nothing));
}

}  // namespace
}  // namespace ravine
