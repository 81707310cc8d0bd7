#include "ravine/lab/study/comparison.hpp"
#include "ravine/lab/study/study_table.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {
namespace {

const Metric& accuracy() { return find_metric("validation_accuracy"); }

/// A result of made-up trials: accuracies by contender and seed.
StudyResult result_of(const std::vector<std::vector<TrialRecord>>& trials) {
    StudyResult result{.plan = {}, .metric = accuracy()};
    for (size_t c = 0; c < trials.size(); ++c)
        result.plan.contenders.push_back({std::string(1, static_cast<char>('a' + c)), {}});
    result.plan.options.seeds = static_cast<int64_t>(trials.front().size());
    result.trials = trials;
    return result;
}

TEST(StudyMetric, FinalIsTheLastEpochAndBestTheBest) {
    const TrialRecord trial = made_trial(0, {0.5, 0.9, 0.8});
    EXPECT_EQ(final_value(accuracy(), trial), 0.8);
    EXPECT_EQ(best_value(accuracy(), trial), 0.9);
    EXPECT_NEAR(best_value(find_metric("validation_loss"), trial), 0.1, 1e-15);
    EXPECT_TRUE(std::isnan(final_value(find_metric("train_accuracy"), trial)));
    TrialRecord early = trial;
    early.experiment.stop = "early:patience=2";
    early.validation = {0.125, 0.75};
    EXPECT_EQ(final_value(accuracy(), early), 0.75);
    EXPECT_EQ(final_value(find_metric("validation_loss"), early), 0.125);
    expect_error(2, [] { find_metric("validation_acuracy"); },
                 {"--metric", "validation_accuracy", "did you mean"});
}

TEST(StudyMetric, ADivergedTrialEndsAtTheWorst) {
    const TrialRecord trial = made_trial(0, {0.5, 0.9}, StopReason::diverged);
    EXPECT_EQ(final_value(accuracy(), trial), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(best_value(accuracy(), trial), 0.9);
}

TEST(StudyMetric, TheTargetIsReachedAtTheFirstEpochThatIsGoodEnough) {
    const TrialRecord trial = made_trial(0, {0.5, 0.9, 0.8, 0.95});
    const auto there = reached(accuracy(), trial, 0.9);
    ASSERT_TRUE(there);
    EXPECT_EQ(there->steps, 20);
    EXPECT_EQ(there->seconds, 4);  // of the updates, not of the evaluations
    EXPECT_EQ(there->work, 20 + 2 * 20);
    EXPECT_FALSE(reached(accuracy(), trial, 0.96));
    EXPECT_EQ(reached(find_metric("validation_loss"), trial, 0.05 + 1e-12)->steps, 40);
}

TEST(StudyComparison, SummariesLeaveOutWhatDidNotFinish) {
    const auto result = result_of({{made_trial(0, {0.8}), made_trial(1, {0.6})},
                                   {made_trial(0, {0.9}), made_trial(1, {0.7}, StopReason::diverged)}});
    for (const auto& s : summaries(result)) {
        if (s.measure.name != "final_validation_accuracy") continue;
        EXPECT_NEAR(s.summary.mean, s.contender == 0 ? 0.7 : 0.9, 1e-15);
        EXPECT_EQ(s.summary.count, s.contender == 0 ? 2 : 1);
        EXPECT_EQ(s.unfinished, s.contender == 0 ? 0 : 1);
    }
}

TEST(StudyComparison, PairsBySeedAndCountsADivergedTrialAsWorst) {
    const auto result =
        result_of({{made_trial(0, {0.5}), made_trial(1, {0.5}), made_trial(2, {0.5})},
                   {made_trial(2, {0.9}, StopReason::diverged), made_trial(0, {0.6}), made_trial(1, {0.8})}});
    const auto& measures = present_measures(result);
    const auto comparisons = compare_with(0, measures.front(), result);
    EXPECT_EQ(measures.front().name, "final_validation_accuracy");
    ASSERT_EQ(comparisons.size(), 1u);
    EXPECT_TRUE(std::isnan(comparisons[0].mean_difference));  // of two seeds it would be no one's
    EXPECT_FALSE(comparisons[0].shift.has_interval());
    EXPECT_EQ(comparisons[0].test.effect, 0);  // ranks 1 and 2 against 3
    EXPECT_EQ(comparisons[0].verdict(), "no difference shown");
}

TEST(StudyComparison, TheEffectIsPositiveWhereLessIsBetterAndTheContenderHasLess) {
    std::vector<TrialRecord> low, high;
    for (int64_t seed = 0; seed < 8; ++seed) {
        low.push_back(made_trial(seed, {0.5 + 0.01 * static_cast<double>(seed)}));
        high.push_back(made_trial(seed, {0.7 + 0.02 * static_cast<double>(seed)}));
    }
    const auto result = result_of({low, high});
    for (const auto& measure : present_measures(result)) {
        if (measure.name != "final_validation_loss") continue;
        const auto better = compare_with(0, measure, result).at(0),
                   worse = compare_with(1, measure, result).at(0);
        EXPECT_EQ(better.test.effect, 1);
        EXPECT_LT(better.mean_difference, 0);
        EXPECT_DOUBLE_EQ(better.p_adjusted, 2.0 / 256);
        EXPECT_EQ(better.verdict(), "better");
        EXPECT_EQ(worse.verdict(), "worse");
    }
}

TEST(StudyComparison, AccuraciesAreComparedAsCounts) {
    // As doubles the six differences of a hundredth are six numbers, and the seventh is not 0.
    std::vector<TrialRecord> a, b;
    const std::vector<std::pair<int, int>> counts{{57, 56}, {94, 93}, {29, 28}, {83, 84},
                                                  {58, 57}, {7, 6},   {9, 9}};
    for (size_t seed = 0; seed < counts.size(); ++seed)
        for (auto* trials : {&a, &b}) {
            const int count = trials == &a ? counts[seed].first : counts[seed].second;
            trials->push_back(made_trial(static_cast<int64_t>(seed), {count / 100.0}));
            trials->back().answers = {.validation = 100};
        }
    const auto result = result_of({b, a});
    const Comparison compared = compare_with(0, present_measures(result).front(), result).at(0);
    EXPECT_EQ(compared.test.pairs, 6);
    EXPECT_DOUBLE_EQ(compared.test.p_value, 14.0 / 64);  // 6, 5 and fewer of one sign: 2 (1 + 6)
    EXPECT_DOUBLE_EQ(compared.test.effect, 4.0 / 6);
    EXPECT_EQ(compared.shift.pairs, 7);
    EXPECT_DOUBLE_EQ(compared.shift.estimate, 0.01);
}

TEST(StudyComparison, MissesCountInAMedianAndDivergedTrialsToo) {
    std::vector<std::vector<TrialRecord>> trials(2);
    for (int64_t seed = 0; seed < 10; ++seed) {
        trials[0].push_back(made_trial(seed, {0.5, seed == 4 ? 0.9 : 0.6}));  // one gets there, early
        trials[1].push_back(
            made_trial(seed, {0.5, 0.6, 0.9}, seed < 6 ? StopReason::diverged : StopReason::epochs));
    }
    auto result = result_of(trials);
    result.reach = 0.9;
    for (const auto& s : summaries(result)) {
        if (s.measure.name == "target_steps" && s.contender == 0) {
            EXPECT_EQ(s.summary.count, 1);
            EXPECT_EQ(s.unfinished, 9);
            EXPECT_EQ(s.summary.median, std::numeric_limits<double>::infinity());
            EXPECT_TRUE(std::isnan(s.summary.mean));
        }
        if (s.measure.name == "target_steps" && s.contender == 1) {
            EXPECT_EQ(s.summary.median, 30);
        }
        if (s.measure.name == "final_validation_accuracy" && s.contender == 1) {
            EXPECT_EQ(s.summary.count, 4);
            EXPECT_EQ(s.summary.median, -std::numeric_limits<double>::infinity());
        }
    }
    EXPECT_THAT(study_table(result), testing::ContainsRegex("a .* never +never +never +9 of 10"));
}

TEST(StudyComparison, SeveralContendersShareTheLevel) {
    std::vector<std::vector<TrialRecord>> trials(4);
    for (int64_t seed = 0; seed < 6; ++seed)
        for (size_t c = 0; c < 4; ++c)
            trials[c].push_back(made_trial(seed, {0.5 + 0.1 * static_cast<double>(c) +
                                                  0.001 * static_cast<double>(seed * (c == 0 ? 1 : 2))}));
    const auto result = result_of(trials);
    for (const auto& c : compare_with(0, present_measures(result).front(), result)) {
        EXPECT_DOUBLE_EQ(c.test.p_value, 2.0 / 64);
        EXPECT_DOUBLE_EQ(c.p_adjusted, 3 * 2.0 / 64);
        EXPECT_EQ(c.verdict(), "no difference shown");
    }
}

TEST(StudyTable, CountsWhatMissedTheTargetAndWhatDiverged) {
    auto result = result_of({{made_trial(0, {0.5, 0.9}), made_trial(1, {0.6, 0.7})},
                             {made_trial(0, {0.9}, StopReason::diverged), made_trial(1, {0.8})}});
    EXPECT_THAT(study_table(result), testing::Not(testing::HasSubstr("missed")));
    result.reach = 0.9;
    EXPECT_THAT(study_table(result), testing::ContainsRegex("missed +diverged\na .*1 of 2 +0 of 2\nb "
                                                            ".*1 of 2 +1 of 2\n"));
    result.reach = 0.95;
    EXPECT_THAT(
        study_table(result),
        testing::ContainsRegex("a .* never +never +never +2 of 2 +0 of 2\nb .* never +never +never +2 of 2 "
                               "+1 of 2\n"));
}

TEST(StudyTable, OfTrialsThatAllDivergedSaysSo) {
    auto result =
        result_of({{made_trial(0, {}, StopReason::diverged)}, {made_trial(0, {}, StopReason::diverged)}});
    EXPECT_THAT(study_table(result), testing::ContainsRegex("contender +diverged\na +1 of 1\nb +1 of 1\n"));
    result.reach = 0.9;
    EXPECT_THAT(study_table(result), testing::ContainsRegex("a +- +- +- +1 of 1 +1 of 1\n"));
}

}  // namespace
}  // namespace ravine::test
