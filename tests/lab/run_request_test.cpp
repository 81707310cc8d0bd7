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
using RunNotesTest = RunTest;

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

// --- Notes
// ---------------------------------------------------------------------------------------------------

TEST_F(RunNotesTest, SettingsThatWorkAgainstEachOtherAreNoted) {
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

// Single precision loses steps of 1e-12 beside the weights.
TEST_F(RunNotesTest, WhatGoesWrongWithoutAnErrorIsSaidInSummaryAndReport) {
    Experiment e = small_experiment();
    e.epochs = 10;
    e.freeze = "*.bias";
    const auto said = [&](const std::string& optimizer, const std::string& name) {
        e.optimizer = optimizer;
        const RunFolder to = folder(name);
        train_in(to, e);
        const Json summary = summary_of(to);
        const bool in_report =
            contents_of(to.report()).find("Beware: prodigy: after 60 updates d is still") !=
            std::string::npos;
        EXPECT_EQ(summary.contains("concern"), in_report);
        return in_report ? summary["concern"].get<std::string>() : std::string();
    };
    EXPECT_THAT(said("prodigy:initial_d=1e-12", "stuck"), HasSubstr("try initial_d="));
    EXPECT_EQ(said("prodigy", "well"), "");
}

TEST_F(RunNotesTest, DogResultsInItsAverageUnlessToldOtherwise) {
    Experiment e = small_experiment();
    e.optimizer = "dog";
    const auto weights = [&](const std::string& name) {
        const RunFolder to = folder(name);
        train_in(to, e);
        EXPECT_EQ(fs::exists(to.raw()), name == "promised");
        return summary_of(to)["weights"].get<std::string>();
    };
    EXPECT_EQ(weights("promised"), "average");
    e.average = "none";
    EXPECT_EQ(weights("told"), "last");
}

// 6 batches in an epoch: the rate falls with each of them, and is full again where a period begins.
TEST_F(RunNotesTest, AScheduleKnowsTheUpdatesOfAnEpoch) {
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

TEST_F(RunNotesTest, AWarmupLongerThanTheRunIsNoted) {
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

TEST_F(RunNotesTest, ALastBatchThatBatchNormalisationCannotUseIsNoted) {
    Experiment e = small_experiment();
    e.batch = 179;  // of 180
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
    e.model = "mlp:hidden=8,normalization=batch";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(),
                testing::ElementsAre(testing::HasSubstr("the last batch of an epoch is a single example")));
    e.batch = 178;
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
}

TEST_F(RunNotesTest, ANullStartOfOneOutputIsRefused) {
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
