#include <set>

#include "ravine/lab/reproduce/rate_measures.hpp"
#include "ravine/lab/reproduce/rate_robustness.hpp"
#include "tests/lab/run_support.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto quick = AdaptiveRateOptions::Extent::quick;
constexpr double infinite = std::numeric_limits<double>::infinity();

TEST(AdaptiveRate, PartsAreFoundByNameInTheOrderOfThePaper) {
    EXPECT_THAT(adaptive_rate_names(""), ElementsAre("boston", "logistic"));
    EXPECT_THAT(adaptive_rate_names("robustness,lenet,lenet"), ElementsAre("lenet", "robustness"));
    EXPECT_EQ(adaptive_rate_names("all").size(), 6u);
    expect_error(2, [] { adaptive_rate_names("boston,lennet"); },
                 {"--only", "'lennet'", "did you mean 'lenet'"});
}

TEST(AdaptiveRate, EveryContenderCanBeNamedAndIsThereOnce) {
    for (const auto extent : {quick, AdaptiveRateOptions::Extent::full}) {
        const auto parts = adaptive_rate_parts({.only = "all", .extent = extent});
        ASSERT_EQ(parts.size(), 7u);
        for (const auto& part : parts) {
            std::set<std::string> labels, experiments;
            EXPECT_TRUE(part.plan.contenders.front().label.starts_with("basic")) << part.name;
            for (const auto& [label, e] : part.plan.contenders) {
                EXPECT_NO_THROW(check_names(e)) << part.name << ", " << label;
                labels.insert(label);
                experiments.insert(experiment_to_toml(e));
            }
            EXPECT_EQ(labels.size(), part.plan.contenders.size()) << part.name;
            EXPECT_EQ(experiments.size(), part.plan.contenders.size()) << part.name;
        }
    }
}

TEST(AdaptiveRate, HasThePapersSettings) {
    const auto parts = adaptive_rate_parts({.only = "all", .seeds = 4});
    const Experiment& boston = parts.at(0).plan.contenders.at(0).experiment;
    EXPECT_EQ(boston.optimizer, "sgd:learning_rate=0.000001");
    EXPECT_EQ(boston.batch, 400);
    EXPECT_EQ(std::llround(506 * boston.validation_share), 106);
    const Experiment& lenet = parts.at(3).plan.contenders.at(2).experiment;
    EXPECT_EQ(lenet.batch, 32);
    EXPECT_EQ(lenet.rate, "five-losses:epsilon=0.00001");
    EXPECT_EQ(parts.at(4).plan.contenders.at(0).experiment.epochs, 40);
    EXPECT_EQ(parts.at(4).plan.contenders.at(1).experiment.epochs, 15);
    EXPECT_EQ(parts.at(5).plan.contenders.at(1).experiment.model, "resnet18:width=16");
    EXPECT_EQ(parts.at(6).plan.options.seeds, 4);
}

TEST(RateMeasures, LieOnStraightLinesBetweenEvaluations) {
    TrialRecord trial = made_trial(0, {0.5, 0.75});  // 2 s and 30 forward passes an epoch
    const OfEvaluation loss = [](const EvaluationEvent& e) { return e.train_loss; };
    EXPECT_EQ(value_at(trial, RateAxis::epochs, 1.5, 1, loss), 0.375);
    EXPECT_EQ(value_at(trial, RateAxis::seconds, 2.5, 1, loss), 0.4375);
    EXPECT_EQ(value_at(trial, RateAxis::work, 1.5, 30, loss), 0.375);
    EXPECT_EQ(value_at(trial, RateAxis::epochs, 0.5, 1, loss), 0.5);
    EXPECT_EQ(value_at(trial, RateAxis::epochs, 9, 1, loss), 0.25);
    EXPECT_EQ(epochs_to(trial, 0.75), 2);
    EXPECT_EQ(epochs_to(trial, 0.76), infinite);
    trial.reason = StopReason::diverged;
    EXPECT_EQ(value_at(trial, RateAxis::epochs, 1, 1, loss), infinite);
}

TEST(RateMeasures, OfTheRatesThatWereLogged) {
    TrialRecord trial = made_trial(0, {0.5, 0.5, 0.5, 0.5, 0.5});
    for (int64_t step = 1; step <= 50; ++step)
        trial.steps.push_back({.step = step,
                               .epoch = (step + 9) / 10,
                               .train_loss = step == 20   ? 60.0
                                             : step == 30 ? 12.0
                                                          : 1.0 + 1.0 / static_cast<double>(step),
                               .learning_rate = step <= 40 ? 1.0
                                                : step % 2 ? 0.01
                                                           : 0.0001,
                               .gradient_norm = 1,
                               .seconds = 0});
    EXPECT_NEAR(settled_rate(trial), 0.00505, 1e-12);  // half of ten are 0.01
    EXPECT_EQ(rate_deviation(trial, 0, 4), 0);
    EXPECT_NEAR(rate_deviation(trial, 4, 5), std::sqrt(10.0 / 9), 1e-12);  // five of -2, five of -4
    EXPECT_NEAR(largest_rise(trial), 12 / (1 + 1.0 / 29), 1e-12);
}

TEST(LeastSquares, HasTheSmallestMeanSquare) {
    // w = (1 1 + 2 3) / (1 + 4) = 1.4; residuals 0.4 and -0.2.
    Parts parts;
    parts.training = {.task = Task::regression,
                      .feature_shape = {1},
                      .features = Rows<float>(std::vector<float>{1, 2}),
                      .values = {1, 3},
                      .output_count = 1};
    parts.schema = {.task = Task::regression,
                    .feature_shape = {1},
                    .output_count = 1,
                    .normalization = Normalization::identity(1),
                    .target_normalization = Normalization::identity(1)};
    EXPECT_NEAR(least_squares_minimum(parts), 0.1, 1e-12);
}

/// A result made up: these accuracies after each epoch, a thousandth higher at each further seed; the loss in
/// training is what is missing to 1.
RateResult made_rate(const std::string& name, size_t part,
                     const std::map<std::string, std::vector<double>>& accuracies, int64_t seeds = 8) {
    const auto parts = adaptive_rate_parts({.only = name, .seeds = seeds});
    RateResult result{.part = parts.at(part), .study = {.plan = parts.at(part).plan}};
    result.study.metric = find_metric("validation_accuracy");
    for (const auto& [label, experiment] : result.part.plan.contenders) {
        const auto found = accuracies.find(label);
        auto& trials = result.study.trials.emplace_back();
        for (int64_t seed = 0; seed < seeds; ++seed) {
            auto own = found == accuracies.end() ? std::vector<double>(10, 0.5) : found->second;
            for (auto& accuracy : own) accuracy += 0.001 * static_cast<double>(seed);
            trials.push_back(made_trial(seed, own));
            for (auto& event : trials.back().evaluations) event.training = event.validation;
            trials.back().epochs = std::ssize(own);
            trials.back().test = trials.back().evaluations.back().validation;
            trials.back().steps.push_back({.step = 10 * std::ssize(own),
                                           .epoch = std::ssize(own),
                                           .train_loss = 1,
                                           .learning_rate = 0.03,
                                           .gradient_norm = 1,
                                           .seconds = 0});
        }
    }
    return result;
}

std::string learned_verdict(const std::vector<Claim>& claims, const std::string& beginning) {
    for (const auto& c : claims)
        if (c.claim.starts_with(beginning)) return c.verdict;
    return "no such claim";
}

TEST(AdaptiveRateClaims, AreJudgedBySeeds) {
    const std::vector<double> slow(10, 0.6), fast(10, 0.7);
    const auto r = made_rate("logistic", 0,
                             {{"basic", slow},
                              {"five losses", fast},
                              {"first order", {0.5, 0.5}},
                              {"constant 0.03", std::vector<double>(10, 0.7)}});
    const auto claims = adaptive_rate_claims({r});
    EXPECT_EQ(learned_verdict(claims, "Five losses train faster"), "holds");
    EXPECT_EQ(learned_verdict(claims, "Ours: the exact rate trains faster"), "contradicted");
    // Five losses are ahead of first order, which is behind plain SGD.
    EXPECT_EQ(learned_verdict(claims, "First order lies between"), "mixed");
    EXPECT_EQ(learned_verdict(claims, "The rate that 'five losses' settles on"), "holds");
    EXPECT_EQ(learned_verdict(claims, "Ours: at equal work 'five losses' is within 5 %"), "holds");
    EXPECT_EQ(learned_verdict(claims, "Ours: at equal work 'exact' is within 5 %"), "contradicted");
    EXPECT_EQ(learned_verdict(claims, "Five losses settle near 0.4"), "contradicted");  // at 0.03
    EXPECT_EQ(learned_verdict(claims, "LeNet"), "no such claim");
}

TEST(AdaptiveRateTable, CountsWorkInEpochsOfPlainSgd) {
    const auto r = made_rate("logistic", 0, {{"basic", {0.5, 0.7}}, {"exact", {0.6, 0.8, 0.9}}}, 1);
    const PaperTable table = rate_table(r);
    EXPECT_THAT(table.rows.at(0), ElementsAre("basic", "0 of 1", "2", "2.0", "4", "0.3000", "0.3", "0.3000",
                                              "70.00", "70", "70", "0.03"));
    // After two epochs, which is what plain SGD's whole run took.
    EXPECT_EQ(table.rows.at(4).at(0), "exact");
    EXPECT_EQ(table.rows.at(4).at(3), "3.0");
    EXPECT_EQ(table.rows.at(4).at(6), "0.2");
}

TEST(AdaptiveRate, Cifar100RunsOnFilesThatAPersonHas) {
    TemporaryFolder folder;
    std::string train;
    for (int i = 0; i < 24; ++i) {
        train += static_cast<char>(i % 20);
        train += static_cast<char>(i % 100);
        for (int k = 0; k < 3 * 32 * 32; ++k) train += static_cast<char>((7 * i + k) % 256);
    }
    folder.write("cifar-100-binary/train.bin", train);
    folder.write("cifar-100-binary/test.bin", train);
    auto parts =
        adaptive_rate_parts({.only = "cifar100", .jobs = 1, .data_dir = folder.path(), .extent = quick});
    for (auto& [label, e] : parts.at(0).plan.contenders) {
        e.examples = 0;
        e.batch = 12;
        e.epochs = 1;
        e.model = "resnet18:width=1";
    }
    Silence silence;
    RateResult result{parts[0], Study(parts[0].plan).run(folder.path() / "trials", silence)};
    ASSERT_EQ(result.study.missing, 0u);
    for (const auto& trials : result.study.trials) EXPECT_EQ(trials.at(0).evaluations.size(), 1u);
    EXPECT_EQ(rate_table(result).rows.size(), 3u);
}

TEST(Robustness, ARunIsNearWithinATenth) {
    std::vector<RobustRun> runs;
    for (int64_t i = 0; i < 10; ++i)
        runs.push_back({"line", "exact", i % 2 == 0 ? "0.1" : "1", i, i == 9, i < 5 ? 1.1 : 1.2, 1});
    const PaperTable table = robustness_table(runs);
    // Wilson's interval of 5 of 10, 0.2366 to 0.7634 (Newcombe 1998 has its formula).
    EXPECT_THAT(table.rows.at(0), ElementsAre("exact", "50", "24 to 76", "1 of 10", "50"));
    EXPECT_THAT(table.csv, HasSubstr("line,exact,0.1,0,done,1.1,1,true\n"));
}

TEST(Robustness, APlainRunAtTheBestRateIsItsOwnReference) {
    TemporaryFolder folder;
    RateProblem problem = rate_problems({.data_dir = folder.path(), .extent = quick}).at(2);
    EXPECT_EQ(problem.name, "line");
    problem.experiment.dataset = "linear-regression:examples=100";
    problem.experiment.epochs = 4;
    Silence silence;
    const auto runs = run_rate_problem(problem, {.jobs = 1, .extent = quick}, folder.path(), silence);
    EXPECT_EQ(runs.size(), rate_methods().size() * 3);
    const double reference = runs.front().reference;
    EXPECT_GT(reference, 0);
    for (const auto& run : runs) {
        EXPECT_EQ(run.reference, reference);
        // The best rate is one of the grid's, of which these are three.
        if (run.method == "basic" && !run.diverged) {
            EXPECT_GE(run.loss, reference);
        }
        if (run.method == "basic" && run.start == "10") {
            EXPECT_FALSE(run.is_near());
        }
    }
    // A learned rate had done two epochs when plain SGD had done its four, and again finds every trial.
    EXPECT_EQ(
        robustness_table(runs).csv,
        robustness_table(run_rate_problem(problem, {.jobs = 1, .extent = quick}, folder.path(), silence))
            .csv);
}

}  // namespace
}  // namespace ravine::test
