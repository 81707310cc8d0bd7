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

std::vector<std::string> labels_of(const std::vector<SettingValues>& settings) {
    std::vector<std::string> labels;
    for (const auto& contender : make_contenders(settings)) labels.push_back(contender.label);
    return labels;
}

TEST(Contenders, EveryCombinationTakesPart) {
    EXPECT_THAT(labels_of({setting("dataset", {"spiral"}), setting("optimizer", {"adam", "sgd"})}),
                testing::ElementsAre("adam", "sgd"));
    EXPECT_THAT(labels_of({setting("optimizer", {"adam", "sgd"}), setting("batch", {"8", "64"})}),
                testing::ElementsAre("adam, 8", "adam, 64", "sgd, 8", "sgd, 64"));
    EXPECT_THAT(labels_of({setting("dataset", {"spiral"})}), testing::ElementsAre("adam"));
    // A file's setting, and a flag that replaces it.
    EXPECT_THAT(labels_of({setting("model", {"mlp", "linear"}), setting("model", {"logistic"})}),
                testing::ElementsAre("adam"));
    expect_error(2, [] { labels_of({setting("optimizer", {"adam", "sgd", "adam"})}); }, {"'adam'", "twice"});
    // The study sets the seeds, so contenders that differ in the seed would be the same.
    expect_error(2, [] { labels_of({setting("seed", {"1", "2"})}); }, {"--seed", "one seed", "found 2"});
}

// Elsewhere a list is one schedule, of parts that follow each other.
TEST(Contenders, AListOfSchedulesIsOfContenders) {
    EXPECT_THAT(labels_of({setting("schedule", {"warmup:steps=5+cosine", "sgdr", "linear"})}),
                testing::ElementsAre("warmup:steps=5+cosine", "sgdr", "linear"));
    const TemporaryFolder folder;
    StudyRequest request;
    read_study(request, folder.write("study.toml",
                                     "dataset = \"spiral\"\nschedule = [\"warmup+cosine\", \"linear\"]\n"));
    const StudyPlan plan = plan_of(request);
    ASSERT_EQ(plan.contenders.size(), 2U);
    EXPECT_EQ(plan.contenders[0].experiment.schedule, "warmup+cosine");
    EXPECT_EQ(plan.contenders[1].experiment.schedule, "linear");
}

TEST(Grid, HasEqualRatios) {
    EXPECT_THAT(log_grid("0.0001:1", 5), testing::ElementsAre("0.0001", "0.001", "0.01", "0.1", "1"));
    EXPECT_THAT(log_grid("0.001:0.1", 4), testing::ElementsAre("0.001", "0.00464", "0.0215", "0.1"));
    for (const char* bad : {"1", "1:0.1", "0:1", "-1:1", "a:1", "1:1", "1e-300:1e300"})
        expect_error(2, [&] { log_grid(bad, 3); }, {"--range"});
    EXPECT_THAT(log_grid("1e-310:1e-308", 3), testing::ElementsAre("1e-310", "1e-309", "1e-308"));
    EXPECT_THAT(listed_values("1,2e-3"), testing::ElementsAre("1", "2e-3"));
    expect_error(2, [] { listed_values("1,,2"); }, {"--values", "1,,2"});
}

TEST(TrialRecords, SurviveWriting) {
    const TemporaryFolder folder;
    Experiment e = small_experiment();
    e.train_scores = true;
    const auto parts = std::make_shared<const Parts>(load_parts(data_request(e)));
    TrialRecord record = run_trial(e, parts, TrialPurpose::result, nullptr);
    record.evaluations[1].validation.loss = std::numeric_limits<double>::infinity();
    const std::string text = trial_to_json(record);
    const TrialRecord back = trial_from_json(text, "here");
    EXPECT_EQ(trial_to_json(back), text);
    EXPECT_EQ(back.evaluations.size(), 3u);
    EXPECT_EQ(back.evaluations[2].training_work.backward_passes, 18);
    EXPECT_EQ(back.updates, 18);
    EXPECT_EQ(experiment_to_toml(back.experiment), experiment_to_toml(e));
    for (const std::string& bad : {std::string("{"), std::string("{}"), std::string("[1]"),
                                   text.substr(0, text.size() / 2), std::string()})
        expect_error(2, [&] { trial_from_json(bad, "t.json"); }, {"t.json", "record of a trial"});
}

TEST(TrialRecords, KeepTheTemperatureAndWhatAccuraciesAreCountsOver) {
    Experiment e = small_experiment();
    e.anneal = "temperature:start=2";
    e.log_every = 1;
    const auto parts = std::make_shared<const Parts>(load_parts(data_request(e)));
    const TrialRecord record = run_trial(e, parts, TrialPurpose::result, nullptr);
    const TrialRecord back = trial_from_json(trial_to_json(record), "here");
    EXPECT_EQ(record.steps.front().temperature, 2);
    EXPECT_EQ(back.steps.front().temperature, 2);
    EXPECT_EQ(back.steps.back().temperature, record.steps.back().temperature);
    EXPECT_EQ(back.answers.training, parts->training.size());
    EXPECT_EQ(back.answers.validation, parts->validation.size());
    EXPECT_EQ(back.answers.test, parts->test.size());
    const double right = back.test.accuracy * static_cast<double>(back.answers.test);
    EXPECT_NEAR(right, std::round(right), 1e-9);
}

TEST(TrialRecords, CountBatchesThatTheGateLeftOut) {
    Experiment e = small_experiment();
    e.targets = "acet:increment=0.45,epochs_per_increment=1";
    e.gate = "equilibrium:epsilon=0.3";
    const auto parts = std::make_shared<const Parts>(load_parts(data_request(e)));
    const TrialRecord record = run_trial(e, parts, TrialPurpose::result, nullptr);
    EXPECT_EQ(record.batches, 18);
    EXPECT_GT(record.gated, 0);
    EXPECT_EQ(record.updates + record.gated, record.batches);
    EXPECT_EQ(record.evaluations.back().updates, record.updates);
    EXPECT_EQ(record.work.backward_passes, record.updates);
    EXPECT_EQ(record.evaluations[0].t, 0.1);
    const TrialRecord back = trial_from_json(trial_to_json(record), "here");
    EXPECT_EQ(trial_to_json(back), trial_to_json(record));
    EXPECT_EQ(back.gated, record.gated);
    EXPECT_EQ(back.evaluations[1].t, 0.55);
    EXPECT_EQ(back.evaluations[0].gated, record.evaluations[0].gated);
}

TEST(TrialRecords, KeepTheMapOfAPicturedResult) {
    const Experiment e = small_experiment();
    const auto parts = std::make_shared<const Parts>(load_parts(data_request(e)));
    EXPECT_FALSE(run_trial(e, parts, TrialPurpose::result, nullptr).map);
    const TrialRecord record = run_trial(e, parts, TrialPurpose::pictured_result, nullptr);
    ASSERT_TRUE(record.map);
    EXPECT_EQ(record.map->classes.size(), 10'000u);
    const std::string text = trial_to_json(record);
    const TrialRecord back = trial_from_json(text, "here");
    EXPECT_EQ(trial_to_json(back), text);
    EXPECT_EQ(back.map->grid.x_of(7), record.map->grid.x_of(7));
    EXPECT_EQ(back.map->class_names, (std::vector<std::string>{"0", "1", "2"}));
    auto damaged = nlohmann::json::parse(text);
    damaged["map"]["classes"][5] = 3;
    expect_error(2, [&] { trial_from_json(damaged.dump(), "t.json"); }, {"t.json", "class for each cell"});
}

TEST(Trials, AreWhatTrainDoes) {
    const TemporaryFolder folder;
    const Experiment e = small_experiment();
    Environment no_gnuplot{"PATH", "/nowhere"};
    spdlog::set_level(spdlog::level::off);
    const RunFolder run = RunFolder::create((folder.path() / "run").string(), "");
    const RunResult trained = train_in(run, e);
    spdlog::set_level(spdlog::level::warn);
    const TrialRecord trial = run_trial(e, std::make_shared<const Parts>(load_parts(data_request(e))),
                                        TrialPurpose::result, nullptr);
    EXPECT_EQ(trial.test.loss, trained.test.loss);
    EXPECT_EQ(trial.validation.loss, trained.outcome.validation.loss);
    EXPECT_EQ(trial.train_loss, trained.outcome.train_loss);
}

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

TEST(StudyFiles, HoldNoMapOfAContenderThatDiverged) {
    const TemporaryFolder folder;
    Silence silence;
    StudyPlan plan = small_plan();
    plan.contenders[1].experiment.optimizer = "sgd:learning_rate=1e30";
    Study study(plan);
    const auto out = StudyFolder::open_or_create((folder.path() / "s").string(), "", study.digest());
    const StudyResult result = study.run(out.trials(), silence);
    ASSERT_TRUE(result.trials[1].front().diverged());
    write_study(out, result, study.digest());
    const std::string boundary = contents_of(out.path / "boundary.csv");
    EXPECT_EQ(std::ranges::count(boundary, '\n'), 1 + 100 * 100);
    EXPECT_THAT(boundary, testing::Not(testing::HasSubstr("\nsgd,")));
}

TEST(StudyFiles, HoldARowForEachTrialAndEvaluation) {
    const TemporaryFolder folder;
    Silence silence;
    Study study(small_plan());
    auto out = StudyFolder::open_or_create((folder.path() / "s").string(), "", study.digest());
    write_study(out, study.run(out.trials(), silence), study.digest());
    const auto lines = [&](const char* name) {
        const std::string text = contents_of(out.path / name);
        return std::ranges::count(text, '\n');
    };
    EXPECT_EQ(lines("trials.csv"), 1 + 6);
    EXPECT_EQ(lines("curves.csv"), 1 + 6 * 3);
    EXPECT_EQ(lines("boundary.csv"), 1 + 2 * 100 * 100);  // of each contender at the first seed
    EXPECT_EQ(lines("points.csv"), 1 + 300);
    EXPECT_THAT(contents_of(out.path / "points.csv"), testing::HasSubstr("\ntest,"));
    EXPECT_EQ(lines("comparisons.csv"), lines("summary.csv") / 2 + 1);
    const auto json = nlohmann::json::parse(contents_of(out.description()));
    EXPECT_EQ(json["reference"], "adam");
    EXPECT_EQ(json["shared"]["epochs"], 3);
    EXPECT_FALSE(json["shared"].contains("optimizer"));
    EXPECT_EQ(json["contenders"][1]["settings"]["optimizer"], "sgd");
    EXPECT_EQ(json["seeds"], nlohmann::json({0, 1, 2}));
    // One of another version of the numbers is not mixed with ours, nor touched.
    auto older = json;
    EXPECT_EQ(older["numbers"], numbers_version);
    older.erase("numbers");
    const std::string text = older.dump();
    folder.write("old/study.json", text);
    expect_error(2,
                 [&] { StudyFolder::open_or_create((folder.path() / "old").string(), "", study.digest()); },
                 {"numbers of version", "found version 1", "--out"});
    EXPECT_EQ(contents_of(folder.path() / "old/study.json"), text);
    // The folder is for this study alone, and for one command at a time.
    expect_error(1, [&] { StudyFolder::open_or_create(out.path.string(), "", study.digest()); },
                 {"at work in this folder"});
    out.lock = {};
    StudyFolder::open_or_create(out.path.string(), "", study.digest());
    expect_error(2, [&] { StudyFolder::open_or_create(out.path.string(), "", "another"); },
                 {"another study", "--out"});
}

TEST(StudyFiles, AFolderOfSomethingElseIsRefused) {
    const TemporaryFolder folder;
    const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
    const auto refused = [&](const std::string& name, const std::vector<std::string>& parts) {
        expect_error(
            2, [&] { StudyFolder::open_or_create(path(name), "", "abc"); }, parts);
    };
    folder.write("run/config.toml", "");
    refused("run", {"holds a training run"});
    folder.write("mine/trials.csv", "mine");
    refused("mine", {"mine/trials.csv: is there already, and of no study"});
    EXPECT_FALSE(std::filesystem::exists(path("mine/.study")));
    // A study that was killed before study.json was there is known all the same.
    StudyFolder::open_or_create(path("killed"), "", "abc");
    StudyFolder::open_or_create(path("killed"), "", "abc");
    folder.write("killed/trials.csv", "of the study");
    StudyFolder::open_or_create(path("killed"), "", "abc");
    expect_error(2, [&] { StudyFolder::open_or_create(path("killed"), "", "def"); }, {"another study"});
    expect_error(2, [&] { RunFolder::create(path("killed"), ""); }, {"killed: holds a study"});
}

TEST(StudyRequest, FilesMayHoldListsAndOptions) {
    const TemporaryFolder folder;
    StudyRequest request;
    read_study(request, folder.write("s.toml",
                                     "dataset = \"spiral\"\noptimizer = [\"adam\", \"sgd\"]\n"
                                     "batch = [8, 16]\nseeds = 7\ntune = \"learning_rate\"\n"));
    const StudyPlan plan = plan_of(request);
    EXPECT_EQ(plan.contenders.size(), 4u);
    EXPECT_EQ(plan.options.seeds, 7);
    EXPECT_EQ(plan.options.tune, "learning_rate");
    const auto refuses = [&](const std::string& text, const std::vector<std::string>& parts) {
        StudyRequest bad;
        expect_error(
            2, [&] { read_study(bad, folder.write("bad.toml", text)); }, parts);
    };
    refuses("dataset = \"spiral\"\nseeds = [1, 2]\n", {"bad.toml:2: seeds", "found a list"});
    refuses("optimiser = [\"adam\"]\n", {"bad.toml:1: optimiser", "optimizer"});
    refuses("batch = [8, 0]\n", {"bad.toml:1: batch", "'0'"});
    refuses("batch = []\n", {"bad.toml:1: batch", "empty"});
    refuses("batch = [[8]]\n", {"bad.toml:1: batch"});
    refuses("seeds = 0\n", {"bad.toml:1: seeds", "in [1, 1000]"});
    refuses("seeds = 9223372036854775807\n", {"bad.toml:1: seeds", "in [1, 1000]"});
    std::string numbers = "1";
    for (int i = 2; i <= 40; ++i) numbers += fmt::format(", {}", i);
    read_study(request, folder.write("many.toml", fmt::format("batch = [{0}]\nepochs = [{0}]\n", numbers)));
    expect_error(2, [&] { plan_of(request); }, {"at most 1000 contenders"});
}

}  // namespace
}  // namespace ravine::test
