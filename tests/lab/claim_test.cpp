#include "ravine/lab/reproduce/claim.hpp"

#include "ravine/lab/reproduce/first_order.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

std::string verdict(const std::vector<Support>& supports) {
    std::vector<Statement> statements;
    for (const auto support : supports) statements.push_back({support, "x"});
    return conjunction("c", statements).verdict;
}

TEST(Claim, HoldsOnlyWhereEveryStatementIsShown) {
    using enum Support;
    EXPECT_EQ(verdict({shown, shown}), "holds");
    EXPECT_EQ(verdict({not_shown, not_shown}), "not shown");
    EXPECT_EQ(verdict({shown, not_shown}), "mixed");
    EXPECT_EQ(verdict({shown, contradicted}), "mixed");
    EXPECT_EQ(verdict({contradicted, contradicted}), "contradicted");
    EXPECT_EQ(verdict({contradicted, not_shown}), "contradicted");
}

/// Two methods whose accuracies over 100 examples at each seed are given as counts.
StudyResult two_methods(const std::vector<int>& a, const std::vector<int>& b) {
    StudyResult result{.plan = first_order_plan({}), .metric = find_metric("validation_accuracy")};
    for (const auto* counts : {&a, &b}) {
        result.trials.emplace_back();
        for (size_t seed = 0; seed < counts->size(); ++seed) {
            result.trials.back().push_back(made_trial(static_cast<int64_t>(seed), {(*counts)[seed] / 100.0}));
            result.trials.back().back().answers.validation = 100;
        }
    }
    return result;
}

Statement statement_of(const std::vector<int>& a, const std::vector<int>& b) {
    const StudyResult result = two_methods(a, b);
    return better_than(0, 1, present_measures(result).front(), result);
}

TEST(BetterThan, NeedsMoreThanChance) {
    // A higher mean that the seeds do not show: no part of the claim holds.
    const Statement gain = statement_of({90, 91, 95, 80, 85, 88}, {89, 92, 93, 81, 84, 86});
    EXPECT_EQ(gain.support, Support::not_shown);
    EXPECT_EQ(gain.text, "SGD 88.17 %, SGD-M 87.50 % (+0.50 points, 95 % -1.00 to +2.00; p 0.34)");
    EXPECT_EQ(statement_of({2, 3, 4, 5, 6, 7}, {1, 2, 3, 4, 5, 6}).support, Support::shown);
    EXPECT_EQ(statement_of({1, 2, 3, 4, 5, 6}, {2, 3, 4, 5, 6, 7}).support, Support::contradicted);
    const Statement few = statement_of({2, 3, 4}, {1, 2, 3});
    EXPECT_EQ(few.support, Support::not_shown);
    EXPECT_THAT(few.text, HasSubstr("no interval from 3 pairs; p 0.25"));
}

TEST(BetterThan, SaysWhoDiverged) {
    StudyResult result = two_methods({80, 80, 80, 80, 80, 80, 80}, {70, 70, 70, 70, 70, 70, 70});
    for (size_t seed = 0; seed < 6; ++seed) result.trials[0][seed].reason = StopReason::diverged;
    // The one that is left has the higher accuracy; that is no reason to call the method better.
    const Statement statement = better_than(0, 1, present_measures(result).front(), result);
    EXPECT_EQ(statement.support, Support::contradicted);
    EXPECT_THAT(statement.text, HasSubstr("SGD 80.00 % (6 of 7 diverged), SGD-M 70.00 % (-inf points"));
}

/// Five methods over eight seeds whose accuracy after each of two epochs of 10 updates is given, a little
/// better at each seed; the logged training loss is 1 - accuracy of the epoch.
StudyResult result_of(const std::vector<std::pair<double, double>>& accuracies) {
    StudyResult result{.plan = first_order_plan({.seeds = 8}), .metric = find_metric("validation_accuracy")};
    result.plan.contenders.resize(5);
    for (size_t c = 0; c < 5; ++c) {
        result.plan.contenders[c].experiment.epochs = 2;
        result.trials.emplace_back();
        for (int64_t seed = 0; seed < 8; ++seed) {
            const double more = 0.001 * static_cast<double>(seed);
            TrialRecord trial = made_trial(seed, {accuracies[c].first + more, accuracies[c].second + more});
            for (auto& e : trial.evaluations) e.training = e.validation;
            for (int64_t step = 1; step <= 20; ++step)
                trial.steps.push_back({.step = step,
                                       .epoch = (step + 9) / 10,
                                       .train_loss = trial.evaluations[step <= 10 ? 0 : 1].train_loss,
                                       .learning_rate = 0.1,
                                       .gradient_norm = 1,
                                       .seconds = 1});
            result.trials.back().push_back(std::move(trial));
        }
    }
    return result;
}

std::string verdict_on(const std::vector<Claim>& claims, const std::string& part) {
    for (const auto& c : claims)
        if (c.claim.find(part) != std::string::npos) return c.verdict;
    return "no such claim: " + part;
}

TEST(FirstOrderClaims, HoldWhereTheNumbersAreThePapers) {
    // SGD, SGD-M, SGD-NM, RMSprop, Adam
    const auto claims =
        first_order_claims(result_of({{0.2, 0.3}, {0.22, 0.35}, {0.25, 0.38}, {0.30, 0.43}, {0.29, 0.42}}));
    EXPECT_EQ(verdict_on(claims, "slowest progress"), "holds");
    EXPECT_EQ(verdict_on(claims, "quicker at first"), "holds");
    EXPECT_EQ(verdict_on(claims, "RMSprop has the highest validation accuracy"), "holds");
    EXPECT_EQ(verdict_on(claims, "RMSprop has the best validation accuracy through most"), "holds");
    EXPECT_EQ(verdict_on(claims, "Adam has the lowest training loss"), "mixed");  // not below RMSprop
    EXPECT_EQ(verdict_on(claims, "very near each other"), "holds");               // 1 point at every seed
    EXPECT_EQ(verdict_on(claims, "definitely more accurate"), "holds");
}

TEST(FirstOrderClaims, DoNotHoldWhereTheyAreTurnedAround) {
    const auto claims =
        first_order_claims(result_of({{0.5, 0.6}, {0.4, 0.5}, {0.3, 0.4}, {0.2, 0.3}, {0.1, 0.2}}));
    EXPECT_EQ(verdict_on(claims, "slowest progress"), "contradicted");
    EXPECT_EQ(verdict_on(claims, "through most of the history"), "contradicted");
    EXPECT_EQ(verdict_on(claims, "definitely more accurate"), "contradicted");
    EXPECT_EQ(verdict_on(claims, "very near each other"), "contradicted");  // 10 points
    EXPECT_THAT(claims_csv(claims), HasSubstr(",contradicted\n"));
}

TEST(FirstOrderClaims, OfTwoSeedsAreNotShown) {
    StudyResult result = result_of({{0.2, 0.3}, {0.22, 0.35}, {0.25, 0.38}, {0.30, 0.43}, {0.29, 0.42}});
    for (auto& trials : result.trials) trials.resize(2);
    for (const auto& claim : first_order_claims(result)) EXPECT_EQ(claim.verdict, "not shown") << claim.claim;
}

TEST(FirstOrderPlan, IsThePapers) {
    const StudyPlan plan = first_order_plan({});
    ASSERT_EQ(plan.contenders.size(), 9u);
    EXPECT_GE(plan.options.seeds, 10);
    EXPECT_EQ(plan.options.tune, "learning_rate");
    for (const auto& [label, e] : plan.contenders) {
        EXPECT_EQ(e.examples / e.batch * e.epochs, 400) << label;
        EXPECT_EQ(e.model, "mlp:hidden=500-500-500");
        EXPECT_NO_THROW(check_names(e)) << label;
    }
}

}  // namespace
}  // namespace ravine::test
