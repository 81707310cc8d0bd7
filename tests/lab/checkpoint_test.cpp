#include "ravine/train/checkpoint/checkpoint.hpp"

#include <fstream>

#include "ravine/data/formats/safetensors.hpp"
#include "ravine/lab/run/metrics_log.hpp"
#include "tests/lab/checkpoint_support.hpp"

namespace ravine {
namespace {

using namespace test;

using CheckpointTest = RunTest;

TEST_F(CheckpointTest, AResumedRunEndsAsOneThatNeverStopped) {
    for (const char* optimizer : {"sgd", "nesterov", "nesterov:form=lookahead", "adam", "nadam",
                                  "rmsprop-nesterov", "delta-bar-delta"}) {
        for (const std::string precision : {"f32", "f64"}) {
            if (precision == "f64" && optimizer != std::string("adam"))
                continue;  // much time goes to the disk
            SCOPED_TRACE(fmt::format("{} {}", optimizer, precision));
            const TemporaryFolder at;
            Experiment e = long_experiment(optimizer);
            e.precision = precision;
            const auto named = [&](const char* name) {
                return RunFolder::create((at.path() / name).string(), "");
            };
            const RunFolder whole = named("whole"), interrupted = named("interrupted"), cut = named("cut");
            train_in(whole, e);

            InterruptAfter early(1), later(8), end_of_epoch(12);
            EXPECT_EQ(train_in(interrupted, e, {&early}).outcome.reason, StopReason::interrupted);
            EXPECT_EQ(summary_of(interrupted)["status"], "interrupted");
            EXPECT_EQ(summary_of(interrupted)["steps"], 1);
            const auto nothing = [](Experiment&) {};
            resume_in(interrupted, nothing, {&later});
            EXPECT_EQ(summary_of(interrupted)["steps"], 8);
            resume_in(interrupted, nothing, {&end_of_epoch});
            EXPECT_EQ(summary_of(interrupted)["epochs"], 2);
            EXPECT_EQ(resume_in(interrupted).outcome.reason, StopReason::epochs);
            expect_same(interrupted, whole);

            e.max_steps = 8;
            EXPECT_EQ(train_in(cut, e).outcome.reason, StopReason::max_steps);
            EXPECT_EQ(summary_of(cut)["status"], "done");
            resume_in(cut, [](Experiment& c) { c.max_steps = 0; });
            expect_same(cut, whole);
        }
    }
}

TEST_F(CheckpointTest, ALearnedRateGoesOnWithItsCounts) {
    for (const std::string rate :
         {"first-order:alpha=1e-6,floor=0.5", "five-losses", "five-losses:batch=validation",
          "exact-newton:at=zero,curvature=exact,growth=1.1,memory=0,slope=own,noise=0",
          "exact-newton:at=current,curvature=gauss-newton,growth=1.1,memory=0,slope=own,noise=0,batch="
          "validation",
          "exact-newton:slope=independent,growth=1.1,memory=0.5,noise=1"}) {
        SCOPED_TRACE(rate);
        const TemporaryFolder at;
        Experiment e = long_experiment("momentum:learning_rate=0.05");
        e.rate = rate;
        const RunFolder whole = RunFolder::create((at.path() / "whole").string(), ""),
                        interrupted = RunFolder::create((at.path() / "interrupted").string(), "");
        train_in(whole, e);
        InterruptAfter stop(8);
        EXPECT_EQ(train_in(interrupted, e, {&stop}).outcome.reason, StopReason::interrupted);
        resume_in(interrupted);
        expect_same(interrupted, whole);
        const Json counts = summary_of(whole)["rate"];
        int64_t total = 0;
        for (const auto& [name, count] : counts.items()) total += count.get<int64_t>();
        EXPECT_GT(total, 0);
    }
}

/// Ends the process as a crash does, as far as a test can: after an update, without a word to anybody.
struct CrashAfter : TrainListener {
    int64_t step;
    explicit CrashAfter(int64_t after) : step(after) {}
    void on_progress(const StepEvent& event, int64_t) override {
        if (event.step == step) throw std::runtime_error("crash");
    }
};

/// Trains with a checkpoint after each update until the crash, which comes before the one of its own update.
void crash_in(const RunFolder& folder, const Experiment& e, int64_t step, bool resumes = false) {
    Run run(e, say_nothing);
    if (resumes) run.resume(folder);
    CrashAfter crash(step);
    EXPECT_THROW(run.train(folder, {&crash}, 0), std::runtime_error);
}

TEST_F(CheckpointTest, ACrashInMidEpochLosesNothingBeyondTheLastCheckpoint) {
    Experiment e = long_experiment("adam");
    e.dataset = "spiral:examples=310";  // the last batch of an epoch is short
    e.augment = "noise:deviation=0.2";
    e.curriculum = "stochastic:first_epochs=1";
    e.targets = "acet:initial=0.4,increment=0.3,epochs_per_increment=1";
    e.gate = "equilibrium:epsilon=0.3";
    e.anneal = "temperature:start=2";
    const RunFolder whole = folder("whole");
    train_in(whole, e);
    for (const int64_t step : {2, 6, 7, 8, 17}) {
        SCOPED_TRACE(step);
        const RunFolder crashed = folder(fmt::format("crashed{}", step));
        crash_in(crashed, e, step);
        EXPECT_FALSE(fs::exists(crashed.summary()));
        if (step == 7) crash_in(crashed, e, 9, true);  // and once more
        resume_in(crashed);
        expect_same(crashed, whole);
    }
}

TEST_F(CheckpointTest, AveragesPlateausAndPatienceGoOnWhereTheyWere) {
    Experiment e = long_experiment("momentum:learning_rate=0.3");
    e.epochs = 5;
    e.rate = "plateau:patience=1,cooldown=1,factor=0.5,threshold=0.05";
    e.stop = "early:patience=3,min_change=0.02";
    e.schedule = "sgdr:period=2,multiplier=1";
    for (const char* average : {"polyak:start=0.2", "ema:decay=0.9"}) {
        SCOPED_TRACE(average);
        e.average = average;
        const RunFolder whole = folder(fmt::format("whole-{:.3}", average));
        train_in(whole, e);
        EXPECT_TRUE(fs::exists(whole.raw()));
        for (const int64_t step : {5, 13}) {
            SCOPED_TRACE(step);
            const RunFolder crashed = folder(fmt::format("crashed-{:.3}{}", average, step));
            crash_in(crashed, e, step);
            resume_in(crashed);
            expect_same(crashed, whole);
            EXPECT_EQ(contents_of(crashed.raw()), contents_of(whole.raw()));
        }
    }
}

// The point they began at, their numbers, the promised average, a policy's slope.
TEST_F(CheckpointTest, RatesThatAreFoundGoOnWhereTheyWere) {
    for (const auto& [optimizer, rate] :
         std::vector<std::pair<const char*, const char*>>{{"dog:initial_step=0.01", "constant"},
                                                          {"prodigy", "constant"},
                                                          {"adam", "hypergradient:beta=1e-4"}}) {
        SCOPED_TRACE(optimizer);
        Experiment e = long_experiment(optimizer);
        e.rate = rate;
        const RunFolder whole = folder(fmt::format("whole-{:.3}", optimizer));
        train_in(whole, e);
        const RunFolder crashed = folder(fmt::format("crashed-{:.3}", optimizer));
        crash_in(crashed, e, 7);
        resume_in(crashed);
        expect_same(crashed, whole);
    }
}

TEST_F(CheckpointTest, ARunThatStoppedEarlyStaysAsItIs) {
    Experiment e = long_experiment("sgd:learning_rate=1e-9");  // nothing improves
    e.stop = "early:patience=1,min_change=0.1";
    const RunFolder to = folder("early");
    EXPECT_EQ(train_in(to, e).outcome.reason, StopReason::early);
    const Json summary = summary_of(to);
    EXPECT_EQ(summary["epochs"], 2);
    EXPECT_EQ(summary["weights"], "best");
    EXPECT_EQ(summary["stop_reason"],
              "early: validation_loss has not improved by more than 0.1 for 1 epochs");
    EXPECT_EQ(contents_of(to.model()), contents_of(to.best()));
    const std::string before = contents_of(to.summary());
    EXPECT_EQ(resume_in(to).outcome.reason, StopReason::early);
    EXPECT_EQ(contents_of(to.summary()), before);
    // One that was killed before its results were written, writes them.
    fs::remove(to.summary());
    resume_in(to);
    EXPECT_EQ(without_seconds(summary_of(to)), without_seconds(Json::parse(before)));
}

TEST_F(CheckpointTest, ARunThatCrashedBeforeItsFirstCheckpointBeginsAgain) {
    const Experiment e = long_experiment("adam");
    const RunFolder whole = folder("whole"), crashed = folder("crashed");
    train_in(whole, e);
    crash_in(crashed, e, 1);
    EXPECT_FALSE(fs::exists(crashed.checkpoint()));
    Experiment again;
    read_experiment(again, crashed.config());
    ravine::Run run(again, say_nothing);
    run.resume(crashed);
    EXPECT_THAT(run.notes(), testing::Contains(testing::HasSubstr("begins again")));
    train_and_forget(run, crashed, {});
    expect_same(crashed, whole);
}

TEST_F(CheckpointTest, ALogThatEndsBeforeItsCheckpointIsSaid) {
    const RunFolder to = folder("run");
    InterruptAfter stop(8);
    train_in(to, long_experiment("adam"), {&stop});
    const auto notes = [&] {
        Experiment e;
        read_experiment(e, to.config());
        ravine::Run run(e, say_nothing);
        run.resume(to);
        return run.notes();
    };
    EXPECT_THAT(notes(), testing::IsEmpty());
    const std::string log = contents_of(to.metrics());
    EXPECT_EQ(std::ranges::count(log, '\n'), 4);  // after updates 1, 3 and 6, and the first epoch
    temporary.write("run/metrics.jsonl", log.substr(0, log.find('\n') + 10));  // a power cut
    EXPECT_THAT(notes(),
                testing::ElementsAre(testing::HasSubstr(
                    "metrics.jsonl: expected 4 lines up to the checkpoint, after update 8, found 1")));
    fs::remove(to.metrics());
    EXPECT_THAT(notes(), testing::ElementsAre(testing::HasSubstr("found 0")));
}

TEST_F(CheckpointTest, TheBestWeightsAreKept) {
    Experiment e = small_experiment();
    e.epochs = 5;
    e.optimizer = "sgd:learning_rate=8";  // up and down
    e.schedule = "constant";
    const RunFolder whole = folder("whole"), crashed = folder("crashed"), until = folder("until");
    train_in(whole, e);
    const Json summary = summary_of(whole);
    const int64_t best = summary["best_epoch"];
    ASSERT_GT(best, 1);
    ASSERT_LT(best, 8);
    EXPECT_EQ(summary["weights"], "last");
    EXPECT_NE(contents_of(whole.best()), contents_of(whole.model()));
    // They are those of a run that ends there.
    Experiment shorter = e;
    shorter.epochs = best;
    train_in(until, shorter);
    EXPECT_EQ(contents_of(whole.best()), contents_of(until.model()));
    EXPECT_EQ(contents_of(until.best()), contents_of(until.model()));
    // A crash behind the best epoch does not lose them.
    crash_in(crashed, e, 6 * best + 3);
    resume_in(crashed);
    expect_same(crashed, whole);
    EXPECT_EQ(contents_of(crashed.best()), contents_of(whole.best()));
}

TEST_F(CheckpointTest, WithoutAValidationPartThereAreNoBestWeights) {
    Experiment e = small_experiment();
    e.validation_share = 0;
    const RunFolder to = folder("run");
    train_in(to, e);
    EXPECT_FALSE(fs::exists(to.best()));
    expect_error(2, [&] { to.saved_model(SavedWeights::best); }, {"best.safetensors", "validation part"});
    EXPECT_EQ(to.saved_model(SavedWeights::last), to.model());
}

TEST_F(CheckpointTest, OneOfAnEarlierVersionHasNothingBeside) {
    const RunFolder to = folder("run"), whole = folder("whole");
    Experiment e = small_experiment();
    train_in(whole, e);
    InterruptAfter stop(8);
    train_in(to, e, {&stop});
    TensorFile file = read_safetensors(to.checkpoint());
    file.metadata.erase("ravine.metrics_lines");
    std::erase_if(file.tensors, [](const auto& tensor) { return tensor.name.starts_with("best."); });
    write_safetensors(to.checkpoint(), file);
    resume_in(to);
    EXPECT_EQ(contents_of(to.model()), contents_of(whole.model()));
}

TEST_F(CheckpointTest, TargetsAndGateGoOnWhereTheyWere) {
    for (const std::string advance : {"epochs", "equilibrium", "continuous"}) {
        SCOPED_TRACE(advance);
        Experiment e = long_experiment("nesterov:form=lookahead");
        e.epochs = 4;
        e.targets = "acet:initial=0.4,increment=0.3,epochs_per_increment=1,advance=" + advance;
        e.gate = "equilibrium:epsilon=0.5";
        const RunFolder whole = folder(advance.c_str());
        train_in(whole, e);
        const Json summary = summary_of(whole);
        EXPECT_GT(summary["gated_batches"], 0);
        EXPECT_LT(summary["gated_batches"], 24);
        EXPECT_EQ(summary["updates"].get<int64_t>() + summary["gated_batches"].get<int64_t>(), 24);
        for (const int64_t after : {5, 6, 13}) {
            const RunFolder part = folder(fmt::format("{}{}", advance, after).c_str());
            InterruptAfter stop(after);
            train_in(part, e, {&stop});
            resume_in(part);
            expect_same(part, whole);
        }
    }
}

TEST_F(CheckpointTest, AnAugmentedRunGoesOnAlike) {
    Experiment e = long_experiment("adam");
    e.augment = "noise:deviation=0.2+mixup:alpha=0.4";
    const RunFolder whole = folder("whole"), stopped = folder("stopped"), plain = folder("plain");
    train_in(whole, e);
    InterruptAfter stop(8);
    train_in(stopped, e, {&stop});
    resume_in(stopped);
    expect_same(stopped, whole);
    e.augment = "none";
    train_in(plain, e);
    EXPECT_NE(contents_of(plain.model()), contents_of(whole.model()));
}

TEST_F(CheckpointTest, ResumingAFinishedRunChangesNothing) {
    const RunFolder to = folder("run");
    train_in(to, long_experiment("adam"));
    const std::string model = contents_of(to.model()), metrics = contents_of(to.metrics());
    const std::string summary = contents_of(to.summary()), config = contents_of(to.config());
    const std::string checkpoint = contents_of(to.checkpoint()), report = contents_of(to.report());
    const RunResult again = resume_in(to);
    EXPECT_EQ(again.outcome.validation.loss, summary_of(to)["validation_loss"]);
    EXPECT_EQ(again.test.loss, summary_of(to)["test_loss"]);
    EXPECT_EQ(contents_of(to.model()), model);
    EXPECT_EQ(contents_of(to.metrics()), metrics);
    EXPECT_EQ(contents_of(to.summary()), summary);
    EXPECT_EQ(contents_of(to.config()), config);
    EXPECT_EQ(contents_of(to.checkpoint()), checkpoint);
    EXPECT_EQ(contents_of(to.report()), report);
}

// One that ended in the middle of an epoch has looked at the validation part after its checkpoint.
TEST_F(CheckpointTest, ResumingARunThatEndedInAnEpochChangesNothing) {
    const RunFolder to = folder("run");
    Experiment e = long_experiment("adam");
    e.max_steps = 8;
    train_in(to, e);
    const std::string summary = contents_of(to.summary()), metrics = contents_of(to.metrics());
    resume_in(to);
    EXPECT_EQ(contents_of(to.summary()), summary);
    EXPECT_EQ(contents_of(to.metrics()), metrics);
    // One that was killed before its results were written, writes them.
    fs::remove(to.summary());
    resume_in(to);
    EXPECT_EQ(without_seconds(summary_of(to)), without_seconds(Json::parse(summary)));
}

TEST_F(CheckpointTest, MoreEpochsGoOnWhereTheRunEnded) {
    Experiment e = long_experiment("adam");
    const RunFolder whole = folder("whole"), longer = folder("longer");
    train_in(whole, e);
    e.epochs = 1;
    train_in(longer, e);
    resume_in(longer, [](Experiment& c) { c.epochs = 3; });
    expect_same(longer, whole);
}

TEST_F(CheckpointTest, LinesBeyondTheCheckpointAreCutOff) {
    const RunFolder whole = folder("whole"), crashed = folder("crashed");
    const Experiment e = long_experiment("adam");
    train_in(whole, e);
    InterruptAfter stop(8);
    train_in(crashed, e, {&stop});
    std::ofstream(crashed.metrics(), std::ios::app)
        << R"({"step":9,"epoch":2,"train_loss":1,"learning_rate":1,"gradient_norm":1,"seconds":1})"
        << "\n{\"step\":12,\"epo";
    resume_in(crashed);
    expect_same(crashed, whole);
}

TEST_F(CheckpointTest, ALearningRateScheduleGoesOnWhereItWas) {
    // In the middle of a cycle, of a period, and of a part.
    for (const std::string schedule : {"linear", "cyclical:epochs=0.5,decay=halve", "sgdr:period=1",
                                       "warmup:steps=5+constant:steps=4+cosine"}) {
        SCOPED_TRACE(schedule);
        Experiment e = long_experiment("adam");
        e.schedule = schedule;
        const std::string name = schedule.substr(0, schedule.find(':'));
        const RunFolder whole = folder(name), stopped = folder(name + "-stopped");
        train_in(whole, e);
        InterruptAfter stop(8);
        train_in(stopped, e, {&stop});
        resume_in(stopped);
        expect_same(stopped, whole);
    }
}

}  // namespace
}  // namespace ravine
