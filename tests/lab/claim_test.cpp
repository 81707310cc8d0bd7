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
    EXPECT_EQ(verdict({strong, strong}), "holds");
    EXPECT_EQ(verdict({strong, weak}), "holds in part");
    EXPECT_EQ(verdict({weak}), "holds in part");
    EXPECT_EQ(verdict({strong, against}), "holds in part");
    EXPECT_EQ(verdict({against, against}), "does not hold here");
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
    EXPECT_EQ(verdict_on(claims, "Adam has the lowest training loss"), "holds in part");  // not below RMSprop
    EXPECT_EQ(verdict_on(claims, "very near each other"), "does not hold here");  // 1 point at every seed
    EXPECT_EQ(verdict_on(claims, "definitely more accurate"), "holds");
}

TEST(FirstOrderClaims, DoNotHoldWhereTheyAreTurnedAround) {
    const auto claims =
        first_order_claims(result_of({{0.5, 0.6}, {0.4, 0.5}, {0.3, 0.4}, {0.2, 0.3}, {0.1, 0.2}}));
    EXPECT_EQ(verdict_on(claims, "slowest progress"), "does not hold here");
    EXPECT_EQ(verdict_on(claims, "through most of the history"), "does not hold here");
    EXPECT_EQ(verdict_on(claims, "definitely more accurate"), "does not hold here");
    EXPECT_THAT(claims_csv(claims), HasSubstr("does not hold here\n"));
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
