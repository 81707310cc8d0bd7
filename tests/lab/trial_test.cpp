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

}  // namespace
}  // namespace ravine::test
