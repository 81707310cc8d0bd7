#include "ravine/lab/study/value_search.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "ravine/lab/study/grid.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "tests/lab/run_support.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using RunOf = std::function<double(double)>;

/// Searches with a run that is a function; what was tried, in order.
std::vector<std::string> searched(ValueSearch& search, const RunOf& run) {
    std::vector<std::string> order;
    while (!search.next().empty()) {
        std::vector<double> scores;
        for (const auto& value : search.next()) {
            order.push_back(value);
            scores.push_back(run(std::stod(value)));
        }
        search.tell(scores);
    }
    return order;
}

double best_of(const ValueSearch& search) { return std::stod(search.tried()[search.best().value()].value); }

/// A valley in the logarithm, with a cliff: what a learning rate's final loss looks like.
double valley(double rate) { return rate > 0.3 ? infinity : 1 + std::pow(std::log10(rate / 0.037), 2); }

TEST(ValueSearchTest, AGridIsTriedAtOnce) {
    ValueSearch search({"relu", "tanh", "gelu"}, 0, Better::higher);
    EXPECT_EQ(search.next().size(), 3U);
    search.tell({0.5, 0.7, -infinity});
    EXPECT_TRUE(search.next().empty());
    EXPECT_EQ(search.best(), 1U);
    EXPECT_EQ(neighbourhood_text(search),
              "tanh came to 0.7, relu before it came to 0.5, gelu behind it diverged");
}

// The bracket of five values is 0.01 ... 0.1 ... 1. By hand, with 0.382 of a factor of 10 as 2.41:
// 0.1 * 2.41 falls off no cliff but is worse; then 0.1 / 2.41 = 0.0415 is better; then between 0.01 and it.
TEST(ValueSearchTest, ALineSearchClosesInOnAKnownOptimum) {
    ValueSearch search(log_grid("0.0001:1", 5), 4, Better::lower);
    const auto order = searched(search, valley);
    ASSERT_EQ(order.size(), 9U);
    EXPECT_EQ(order[5], "0.241");
    EXPECT_EQ(order[6], "0.0415");
    EXPECT_EQ(order[7], "0.0241");  // 0.0415 (0.01 / 0.0415)^0.382
    EXPECT_NEAR(std::log10(best_of(search) / 0.037), 0, 0.06);
    for (size_t i = 1; i < search.tried().size(); ++i)
        EXPECT_LT(std::stod(search.tried()[i - 1].value), std::stod(search.tried()[i].value));
}

TEST(ValueSearchTest, MoreValuesComeNearerUntilTheDigitsEnd) {
    ValueSearch search(log_grid("0.0001:1", 5), 100, Better::lower);
    EXPECT_LT(searched(search, valley).size(), 40U);
    EXPECT_NEAR(best_of(search), 0.037, 0.0005);
    ValueSearch higher(log_grid("0.0001:1", 5), 100, Better::higher);
    searched(higher, [](double rate) { return -valley(rate); });
    EXPECT_EQ(best_of(higher), best_of(search));
}

TEST(ValueSearchTest, TheBestMayLieAtEitherEnd) {
    for (const double end : {1e-4, 1.0}) {
        ValueSearch search(log_grid("0.0001:1", 5), 4, Better::lower);
        for (const auto& value : searched(search, [&](double x) { return std::abs(std::log(x / end)); })) {
            EXPECT_GE(std::stod(value), 1e-4);
            EXPECT_LE(std::stod(value), 1);
        }
        EXPECT_EQ(best_of(search), end);
        EXPECT_EQ(search.best(), end == 1 ? search.tried().size() - 1 : 0);
    }
}

TEST(ValueSearchTest, WhereEverythingDivergesThereIsNoBest) {
    ValueSearch search(log_grid("1:10", 3), 5, Better::lower);
    EXPECT_EQ(searched(search, [](double) { return infinity; }).size(), 3U);
    EXPECT_EQ(search.best(), std::nullopt);
}

TEST(RandomValues, AreLogUniformSortedAndTheSameForASeed) {
    const auto some = random_values("0.0001:1", 400, 3);
    EXPECT_EQ(some, random_values("0.0001:1", 400, 3));
    EXPECT_NE(some, random_values("0.0001:1", 400, 4));
    double before = 0;
    std::vector<int> decades(4);
    for (const auto& value : some) {
        EXPECT_GT(std::stod(value), before);
        before = std::stod(value);
        ++decades[static_cast<size_t>(std::clamp(4 + std::log10(before), 0.0, 3.0))];
    }
    for (const int count : decades) EXPECT_NEAR(count, 100, 30);  // 8.7 is a standard deviation
    const auto few = random_values("0.0001:1", 9, 3);
    for (const auto& value : few) EXPECT_EQ(std::ranges::count(some, value), 1) << value;
    expect_error(2, [] { random_values("1:0.1", 3, 0); }, {"--range"});
    EXPECT_LE(random_values("1:1.01", 50, 0).size(), 3U);
}

StudyOptions tuned_by(StudyOptions::Search search) {
    return {.seeds = 1, .tune = "learning_rate", .search = search, .budget = 5, .tuning_seeds = 1};
}

TEST(StudySearch, EachContenderHasALineOfItsOwnAndGoesOnWhereItWas) {
    const TemporaryFolder at;
    Silence silence;
    Study study(small_plan(tuned_by(StudyOptions::Search::line)));
    const StudyResult result = study.run(at.path(), silence);
    EXPECT_EQ(result.tuning.size(), 10U);
    EXPECT_EQ(result.tuned.size(), 2U);
    for (size_t c = 0; c < 2; ++c) {
        double best = -1;
        std::string value;
        for (const auto& trial : result.tuning)
            if (trial.contender == c && trial.score > best) best = trial.score, value = trial.value;
        EXPECT_EQ(std::ranges::count(result.tuning, c, &TuningTrial::contender), 5);
        double chosen = -1;
        for (const auto& trial : result.tuning)
            if (trial.contender == c && trial.value == result.tuned[c]) chosen = trial.score;
        EXPECT_EQ(chosen, best);
        EXPECT_NE(std::ranges::find(result.grid, result.tuned[c]), result.grid.end());
        EXPECT_NE(result.trials[c][0].experiment.seed, result.tuning[0].record.experiment.seed);
    }
    EXPECT_GE(result.notes.size(), 2U);
    struct Count : PoolListener {
        size_t made = 0;
        void on_begin(size_t tasks, size_t found) override { made += tasks - found; }
    } count;
    const StudyResult again = Study(small_plan(tuned_by(StudyOptions::Search::line))).run(at.path(), count);
    EXPECT_EQ(count.made, 0U);
    EXPECT_EQ(again.tuned, result.tuned);
    EXPECT_EQ(again.notes, result.notes);
}

TEST(StudySearch, RandomValuesAreTheSameForAllContenders) {
    const TemporaryFolder at;
    Silence silence;
    Study study(small_plan(tuned_by(StudyOptions::Search::random)));
    const StudyResult result = study.run(at.path(), silence);
    EXPECT_EQ(result.grid, random_values("0.0001:1", 5, 0));
    for (size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(result.tuning[i].value, result.grid[i]);
        EXPECT_EQ(result.tuning[i + 5].value, result.grid[i]);
    }
}

TEST(StudySearch, WhatMakesNoSenseIsRefused) {
    const auto refused = [](StudyOptions options, const std::vector<std::string>& parts) {
        expect_error(
            2, [&] { Study study(small_plan(options)); }, parts);
    };
    using Search = StudyOptions::Search;
    refused({.search = Search::line}, {"--search", "--tune"});
    refused({.tune = "learning_rate", .search = Search::random, .values = "1,2"}, {"--values", "grid"});
    refused({.tune = "learning_rate", .search = Search::line, .budget = 3}, {"--budget", "at least 4", "3"});
    refused({.tune = "learning_rate", .search = Search::line, .range = "1"}, {"--range"});
    refused({.tune = "batch", .search = Search::line, .range = "16:256"}, {"batch", "an integer"});
    refused({.tune = "learning_rat", .search = Search::random}, {"learning_rat"});
}

}  // namespace
}  // namespace ravine::test
