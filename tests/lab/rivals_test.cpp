#include "ravine/core/files/file.hpp"
#include "ravine/lab/run/curriculum_file.hpp"
#include "ravine/lab/run/metrics_log.hpp"
#include "ravine/lab/study/trial.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::Contains;
using testing::HasSubstr;

using CurriculumRunTest = RunTest;
using AnnealedRunTest = RunTest;

const std::vector<std::string> kinds{"weighted", "stochastic", "deterministic"};

Experiment with_curriculum(const std::string& text) {
    Experiment e = small_experiment();
    e.curriculum = text;
    return e;
}

template <class Action>
std::string refusal(Action act) {
    try {
        act();
    } catch (const RequestError& error) {
        return error.what();
    }
    return "";
}

TEST_F(CurriculumRunTest, KeepsWhatTheFirstModelFound) {
    const RunFolder to = folder("run");
    train_in(to, with_curriculum("weighted:first_epochs=2"));
    const Json found = Json::parse(contents_of(to.curriculum())), summary = summary_of(to);
    EXPECT_EQ(found["losses"].size(), 180U);
    EXPECT_EQ(summary["curriculum_backward_passes"], 2 * 6);
    EXPECT_EQ(summary["curriculum_forward_passes"], 2 * 6 + 1);
    EXPECT_GT(summary["curriculum_work"], 1.5 * 2 * 6 + 1);
    EXPECT_GT(summary["curriculum_seconds"], 0);
    EXPECT_EQ(summary["backward_passes"], 18);  // of the run itself, apart
    EXPECT_EQ(summary["steps"], 18);
    const RunFolder plain = folder("plain");
    train_in(plain, small_experiment());
    EXPECT_FALSE(fs::exists(plain.curriculum()));
    EXPECT_THAT(keys_of(summary_of(plain)), testing::Not(Contains(HasSubstr("curriculum"))));
}

TEST_F(CurriculumRunTest, GoesOnBitForBitWithAndWithoutWhatWasKept) {
    for (const auto& kind : kinds) {
        SCOPED_TRACE(kind);
        const RunFolder whole = folder(kind);
        train_in(whole, with_curriculum(kind));
        for (const auto keep : {true, false}) {
            const RunFolder part = folder(kind + (keep ? "-kept" : "-lost"));
            InterruptAfter stop(8);
            train_in(part, with_curriculum(kind), {&stop});
            ASSERT_EQ(summary_of(part)["steps"], 8);
            if (!keep) fs::remove(part.curriculum());
            resume_in(part);
            EXPECT_EQ(contents_of(part.model()), contents_of(whole.model()));
            EXPECT_EQ(Json::parse(contents_of(part.curriculum()))["losses"],
                      Json::parse(contents_of(whole.curriculum()))["losses"]);
        }
    }
}

TEST_F(CurriculumRunTest, DamagedFilesAreRefused) {
    const RunFolder to = folder("run");
    InterruptAfter stop(8);
    train_in(to, with_curriculum("weighted"), {&stop});
    const auto refused = [&](const std::string& text) {
        write_file_atomically(to.curriculum(), text);
        return refusal([&] { resume_in(to); });
    };
    EXPECT_THAT(refused("{"), HasSubstr("curriculum.json: expected the losses of a first model"));
    EXPECT_THAT(refused("{\"losses\": 3}"), HasSubstr("expected the losses of a first model"));
    EXPECT_THAT(refused(R"({"seconds":1,"forward_passes":1,"backward_passes":1,"losses":[1,2]})"),
                HasSubstr("expected the losses of 180 training examples, found 2"));
}

TEST_F(CurriculumRunTest, FilesHoldWhatIsNotFinite) {
    const fs::path path = temporary.path() / "curriculum.json";
    FirstModel model{.losses = {0.1, 1.0 / 3, std::nan("")},
                     .work = {.forward_passes = 4, .backward_passes = 5, .equivalents = 12.5},
                     .seconds = 2.5,
                     .failure = {}};
    write_curriculum(path, model);
    const FirstModel read = read_curriculum(path, 3);
    EXPECT_EQ(read.losses[1], 1.0 / 3);
    EXPECT_TRUE(std::isinf(read.losses[2]));
    EXPECT_EQ(read.seconds, 2.5);
    EXPECT_EQ(read.work.backward_passes, 5);
    EXPECT_EQ(read.work.equivalents, 12.5);
}

TEST_F(CurriculumRunTest, AFirstModelThatDivergesEndsTheRun) {
    Experiment e = with_curriculum("weighted");
    e.optimizer = "sgd:learning_rate=1e38";
    const RunFolder to = folder("run");
    const RunResult result = train_in(to, e);
    EXPECT_EQ(result.outcome.reason, StopReason::diverged);
    EXPECT_EQ(summary_of(to)["status"], "diverged");
    EXPECT_THAT(std::string(summary_of(to)["stop_reason"]),
                HasSubstr("the first model of the curriculum, step"));
    EXPECT_EQ(summary_of(to)["steps"], 0);
    EXPECT_FALSE(fs::exists(to.curriculum()));
}

TEST_F(CurriculumRunTest, StoppedInTheFirstModelItBeginsAgain) {
    const RunFolder whole = folder("whole"), part = folder("part");
    train_in(whole, with_curriculum("stochastic"));
    struct : TrainListener {
        bool stops = true;
        bool wants_to_stop() const override { return stops; }
    } listener;
    train_in(part, with_curriculum("stochastic"), {&listener});
    EXPECT_EQ(summary_of(part)["steps"], 0);
    EXPECT_FALSE(fs::exists(part.curriculum()));
    resume_in(part);
    EXPECT_EQ(contents_of(part.model()), contents_of(whole.model()));
}

TEST_F(CurriculumRunTest, BadSettingsAreRefusedBeforeTheData) {
    Experiment e = with_curriculum("stochastic");
    e.dataset = "nowhere";
    e.sampler = "iid";
    EXPECT_THAT(refusal([&] { check_names(e); }), HasSubstr("curriculum: "));
    e.sampler = "once";
    EXPECT_EQ(refusal([&] { check_names(e); }), "");
    e.epochs = 1;
    EXPECT_THAT(refusal([&] { check_names(e); }), HasSubstr("found 1"));
    e.curriculum = "weighted:initial=2";
    EXPECT_THAT(refusal([&] { check_names(e); }), HasSubstr("weighted:initial: expected"));
    e.curriculum = "none";
    e.anneal = "temperature:end=0";
    EXPECT_THAT(refusal([&] { check_names(e); }), HasSubstr("temperature:end: expected"));
}

TEST_F(CurriculumRunTest, TrialsCountTheFirstModel) {
    const auto trial = [](const Experiment& e) {
        return run_trial(e, std::make_shared<const Parts>(load_parts(data_request(e))), TrialPurpose::result,
                         nullptr);
    };
    const TrialRecord plain = trial(small_experiment()), record = trial(with_curriculum("weighted"));
    EXPECT_EQ(record.work.backward_passes, plain.work.backward_passes + 18);
    EXPECT_EQ(record.work.forward_passes, plain.work.forward_passes + 18 + 1);
    EXPECT_NEAR(record.work.equivalents, 2 * plain.work.equivalents + 1, 1e-5);
    EXPECT_EQ(record.evaluations[0].training_work.backward_passes,
              plain.evaluations[0].training_work.backward_passes + 18);
    EXPECT_EQ(record.updates, plain.updates);
}

TEST_F(CurriculumRunTest, IsWrittenIntoTheExperiment) {
    Experiment e = with_curriculum("stochastic:mix=0.5");
    e.anneal = "temperature:start=3";
    const fs::path path = temporary.path() / "e.toml";
    write_file_atomically(path, experiment_to_toml(e));
    Experiment read;
    read_experiment(read, path);
    EXPECT_EQ(read.curriculum, e.curriculum);
    EXPECT_EQ(read.anneal, e.anneal);
}

TEST_F(AnnealedRunTest, IsPlainTrainingAtTemperatureOne) {
    Experiment e = small_experiment();
    const RunFolder plain = folder("plain"), one = folder("one"), hot = folder("hot");
    train_in(plain, e);
    e.anneal = "temperature:start=1,end=1";
    train_in(one, e);
    e.anneal = "temperature";
    train_in(hot, e);
    EXPECT_EQ(contents_of(one.model()), contents_of(plain.model()));
    EXPECT_NE(contents_of(hot.model()), contents_of(plain.model()));
    const auto steps = read_metrics(hot.metrics()).steps;
    EXPECT_EQ(steps.front().temperature, 5);
    EXPECT_LT(steps.at(1).temperature, 5);
    EXPECT_EQ(steps.back().temperature, 1);
}

TEST_F(AnnealedRunTest, GoesWithEveryModelOfLogitsAndWithEverythingElse) {
    Experiment e = small_experiment();
    e.anneal = "temperature";
    e.curriculum = "stochastic";
    e.augment = "noise+mixup";
    e.gate = "equilibrium";
    e.targets = "acet:initial=0.5,increment=0.5,epochs_per_increment=1";
    e.precision = "f64";
    const RunFolder to = folder("all");
    EXPECT_EQ(train_in(to, e).outcome.reason, StopReason::epochs);
    Experiment two = small_experiment();
    two.dataset = "moons:examples=200";
    two.model = "logistic";
    two.anneal = "temperature:start=2";
    two.curriculum = "weighted";
    EXPECT_EQ(train_in(folder("two"), two).outcome.reason, StopReason::epochs);
}

TEST_F(AnnealedRunTest, NeedsLogits) {
    Experiment e = small_experiment();
    e.anneal = "temperature";
    e.loss = "hinge";
    EXPECT_THAT(refusal([&] { ravine::Run(e, say_nothing); }),
                HasSubstr("anneal: a temperature divides logits"));
}

}  // namespace
}  // namespace ravine
