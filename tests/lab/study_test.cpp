#include "ravine/lab/study/study.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "ravine/core/files/file.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "ravine/lab/study/comparison.hpp"
#include "ravine/lab/study/grid.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "ravine/lab/study/study_request.hpp"
#include "tests/lab/run_support.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {
namespace {

TEST(Study, ContendersMeetTheSameDataAndWeights) {
    const TemporaryFolder folder;
    StudyPlan plan = small_plan();
    for (auto& contender : plan.contenders) contender.experiment.log_every = 1;
    Silence silence;
    const StudyResult result = Study(plan).run(folder.path(), silence);
    ASSERT_EQ(result.trials.size(), 2u);
    for (size_t k = 0; k < 3; ++k) {
        const auto &adam = result.trials[0].at(k), &sgd = result.trials[1].at(k);
        EXPECT_EQ(adam.steps[0].train_loss, sgd.steps[0].train_loss);  // the first batch, before any update
        EXPECT_NE(adam.steps[1].train_loss, sgd.steps[1].train_loss);
        EXPECT_EQ(adam.experiment.seed, static_cast<int64_t>(k));
        for (size_t j = 0; j < k; ++j)
            EXPECT_NE(adam.steps[0].train_loss, result.trials[0][j].steps[0].train_loss);
    }
}

/// The losses of all trials: what must not depend on how they were run.
std::vector<double> losses_of(const StudyResult& result) {
    std::vector<double> losses;
    for (const auto& trials : result.trials)
        for (const auto& trial : trials) losses.push_back(trial.test.loss);
    return losses;
}

TEST(Study, DoesNotDependOnHowManyTrialsRunAtOnce) {
    const TemporaryFolder folder;
    Silence silence;
    const auto one = Study(small_plan({.seeds = 4, .jobs = 1})).run(folder.path() / "one", silence);
    const auto three = Study(small_plan({.seeds = 4, .jobs = 3})).run(folder.path() / "three", silence);
    EXPECT_EQ(losses_of(one), losses_of(three));
    EXPECT_EQ(losses_of(one).size(), 8u);
}

/// Presses Ctrl-C when some trials have ended.
struct InterruptAfterTrials : PoolListener {
    int left;
    explicit InterruptAfterTrials(int trials) : left(trials) {}
    void on_finish(const TrialTask&, const TrialRecord&) override {
        if (--left == 0) interrupt();
    }
};

struct CountTrials : PoolListener {
    size_t found = 0, made = 0;
    void on_begin(size_t, size_t already) override { found += already; }
    void on_finish(const TrialTask&, const TrialRecord&) override { ++made; }
};

TEST(Study, InterruptedItKeepsWhatIsFinishedAndGoesOnLater) {
    const TemporaryFolder folder, other;
    Silence silence;
    const StudyOptions options{.seeds = 4, .jobs = 1};
    {
        const InterruptGuard guard;
        InterruptAfterTrials listener(3);
        const auto part = Study(small_plan(options)).run(folder.path(), listener);
        EXPECT_EQ(part.missing, 5u);
    }
    const InterruptGuard guard;
    CountTrials count;
    const auto rest = Study(small_plan(options)).run(folder.path(), count);
    EXPECT_EQ(count.found, 3u);
    EXPECT_EQ(count.made, 5u);
    EXPECT_EQ(rest.missing, 0u);
    EXPECT_EQ(losses_of(rest), losses_of(Study(small_plan(options)).run(other.path(), silence)));
}

TEST(Study, InterruptedWhileTuningItHasFilesAndAReportAllTheSame) {
    const TemporaryFolder folder;
    Study study(small_plan(
        {.seeds = 2, .tune = "learning_rate", .values = "0.01,0.1", .tuning_seeds = 1, .jobs = 1}));
    const auto out = StudyFolder::open_or_create((folder.path() / "s").string(), "", study.digest());
    StudyResult result;
    {
        const InterruptGuard guard;
        InterruptAfterTrials listener(1);
        result = study.run(out.trials(), listener);
    }
    const InterruptGuard guard;  // nothing is interrupted any more
    EXPECT_EQ(result.missing, 3u + 4u);
    write_study(out, result, study.digest());
    write_study_report(out.path);
    EXPECT_THAT(contents_of(out.path / "report.html"), testing::HasSubstr("7 trials are missing"));
    expect_error(1, [&] { require_complete(result, out); }, {"interrupted", "7 trials", out.path.string()});
}

TEST(Study, MoreSeedsOnlyAddTrials) {
    const TemporaryFolder folder;
    CountTrials first, second;
    Study small(small_plan({.seeds = 2})), large(small_plan({.seeds = 5}));
    small.run(folder.path(), first);
    large.run(folder.path(), second);
    EXPECT_EQ(second.found, 4u);
    EXPECT_EQ(second.made, 6u);
    EXPECT_EQ(small.digest(), large.digest());
    EXPECT_NE(small.digest(), Study(small_plan({.seeds = 2, .tune = "learning_rate"})).digest());
}

TEST(Study, OtherDataMakeItAnotherStudy) {
    const TemporaryFolder folder;
    const auto plan_on = [&](const std::string& last) {
        std::string table = "x,y\n";
        for (int i = 0; i < 40; ++i) table += fmt::format("{},{}\n", i, i % 2);
        StudyPlan plan = small_plan({.seeds = 2});
        for (auto& contender : plan.contenders) {
            contender.experiment.dataset = folder.write("t.csv", table + last);
            contender.experiment.target = "y";
        }
        return plan;
    };
    CountTrials first, same, changed;
    Study before(plan_on("40,0\n"));
    before.run(folder.path() / "trials", first);
    Study again(plan_on("40,0\n"));
    again.run(folder.path() / "trials", same);
    EXPECT_EQ(same.found, 4u);
    EXPECT_EQ(before.digest(), again.digest());
    for (const char* other : {"40,1\n", "40.5,0\n", "", "40,0\n41,1\n"})
        EXPECT_NE(Study(plan_on(other)).digest(), before.digest()) << other;
    Study(plan_on("40,1\n")).run(folder.path() / "trials", changed);
    EXPECT_EQ(changed.found, 0u);
}

TEST(Study, TuningTriesTheSameValuesForAllOnSeedsOfTheirOwn) {
    const TemporaryFolder folder;
    StudyPlan plan =
        small_plan({.seeds = 2, .tune = "learning_rate", .values = "1e-6,0.02,1e6", .tuning_seeds = 2});
    for (auto& contender : plan.contenders) contender.experiment.epochs = 20;
    Silence silence;
    const StudyResult result = Study(plan).run(folder.path(), silence);
    EXPECT_EQ(result.tuning.size(), 2u * 3 * 2);
    std::set<int64_t> tuning_seeds;
    for (const auto& trial : result.tuning) tuning_seeds.insert(trial.record.experiment.seed);
    EXPECT_EQ(tuning_seeds.size(), 2u);
    // Tuning never looks at the test part.
    EXPECT_TRUE(std::isnan(result.tuning[0].record.test.loss));
    EXPECT_FALSE(std::isnan(result.trials[0][0].test.loss));
    for (const int64_t seed : result.seeds()) EXPECT_EQ(tuning_seeds.count(seed), 0u);
    EXPECT_EQ(result.tuned[0], "0.02");
    EXPECT_EQ(result.trials[0][0].experiment.optimizer, "adam:learning_rate=0.02");
}

TEST(Study, TuningNeverMeetsTheSeedsOfTheRuns) {
    const TemporaryFolder folder;
    Silence silence;
    for (const int64_t first : {int64_t{1'000'000'000}, int64_t{999'999'999}, int64_t{1'000'000'001}}) {
        StudyPlan plan =
            small_plan({.seeds = 2, .tune = "learning_rate", .values = "0.01", .tuning_seeds = 2});
        for (auto& contender : plan.contenders) contender.experiment.seed = first;
        const StudyResult result = Study(plan).run(folder.path(), silence);
        const auto seeds = result.seeds();
        for (const auto& trial : result.tuning)
            EXPECT_EQ(std::ranges::count(seeds, trial.record.experiment.seed), 0) << first;
    }
}

TEST(Study, TuningReachesSettingsOfTheExperimentToo) {
    const TemporaryFolder folder;
    StudyPlan plan = small_plan({.seeds = 1, .tune = "batch", .values = "16,64", .tuning_seeds = 1});
    Silence silence;
    const StudyResult result = Study(plan).run(folder.path(), silence);
    EXPECT_EQ(result.tuning[0].record.experiment.batch, 16);
    EXPECT_EQ(std::to_string(result.trials[0][0].experiment.batch), result.tuned[0]);
}

TEST(Study, WhereEveryValueDivergesThereIsNothingToChoose) {
    const TemporaryFolder folder;
    StudyPlan plan =
        small_plan({.seeds = 1, .tune = "learning_rate", .values = "1e30,1e35", .tuning_seeds = 1});
    Silence silence;
    expect_error(1, [&] { Study(plan).run(folder.path(), silence); },
                 {"diverged at every value of learning_rate"});
}

TEST(Study, TheCommonTargetIsWhatTheWorstContenderGetsToAtHalfOfTheSeeds) {
    const TemporaryFolder folder;
    StudyPlan plan = small_plan({.seeds = 3});
    plan.contenders[0].experiment.optimizer = "adam:learning_rate=0.05";
    plan.contenders[1].experiment.optimizer = "sgd:learning_rate=1e-9";  // gets nowhere
    for (auto& contender : plan.contenders) contender.experiment.epochs = 10;
    Silence silence;
    const StudyResult result = Study(plan).run(folder.path(), silence);
    std::vector<double> bests;
    for (const auto& trial : result.trials[1]) bests.push_back(best_value(result.metric, trial));
    std::ranges::sort(bests);
    EXPECT_EQ(result.reach, bests[1]);
    plan.options.reach = "0.5";
    EXPECT_EQ(Study(plan).run(folder.path(), silence).reach, 0.5);
    plan.options.reach = "none";
    EXPECT_FALSE(Study(plan).run(folder.path(), silence).reach);
}

TEST(Study, BadRequestsAreRefusedBeforeAnyTraining) {
    const auto refuses = [](StudyPlan plan, const std::vector<std::string>& parts) {
        expect_error(
            2, [&] { Study study(std::move(plan)); }, parts);
    };
    StudyPlan plan = small_plan();
    plan.contenders[1].experiment.optimizer = "sdg";
    refuses(plan, {"unknown optimizer 'sdg'", "sgd"});
    refuses(small_plan({.reference = "adm"}), {"--reference", "'adm'", "did you mean 'adam'"});
    refuses(small_plan({.tune = "learning_rat"}), {"learning_rat", "learning_rate"});
    refuses(small_plan({.tune = "learning_rate", .values = "0.1,-1"}), {"learning_rate", "-1"});
    refuses(small_plan({.metric = "accuracy"}), {"--metric", "validation_accuracy"});
    refuses(small_plan({.metric = "train_accuracy"}), {"--train-scores"});
    refuses(small_plan({.reach = "high"}), {"--reach", "auto or none", "'high'"});
    refuses(small_plan({.budget = 3}), {"--budget", "--tune"});
    refuses(small_plan({.tuning_seeds = 3}), {"--tuning-seeds", "--tune"});
    refuses(small_plan({.tune = "seed", .values = "1,2"}), {"--tune seed"});
    plan = small_plan();
    for (auto& contender : plan.contenders) contender.experiment.seed = INT64_MAX;
    refuses(plan, {"--seed: expected at most 9223372036854775805 for 3 seeds", "'9223372036854775807'"});
    refuses(small_plan({.seeds = 1000, .tune = "learning_rate", .budget = 1000, .tuning_seeds = 1000}),
            {"2 contenders", "1001000 trials each", "at most 100000"});
    plan = small_plan();
    for (auto& contender : plan.contenders) contender.experiment.dataset = "noisy-sine";
    plan.options.metric = "validation_accuracy";
    refuses(plan, {"--metric validation_accuracy", "no accuracy"});
    plan.options.metric = "validation_loss";
    for (auto& contender : plan.contenders) contender.experiment.validation_share = 0;
    refuses(plan, {"no validation part"});
}

}  // namespace
}  // namespace ravine::test
