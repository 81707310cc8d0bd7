#include "ravine/core/files/file.hpp"
#include "ravine/lab/report/any_report.hpp"
#include "tests/lab/acet_support.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const Claim* find_claim(const std::vector<Claim>& claims, const std::string& part) {
    for (const auto& c : claims)
        if (c.claim.find(part) != std::string::npos) return &c;
    return nullptr;
}

std::string verdict_of(const std::vector<Claim>& claims, const std::string& part) {
    const Claim* found = find_claim(claims, part);
    return found == nullptr ? "no such claim" : found->verdict;
}

// Standard training gets to 0.8 in the third epoch and goes up and down; ACET is there in the second, smooth,
// and better in the end; its training loss falls and then stands while its accuracy does not.
const MadeMethod rough{{0.5, 0.7, 0.8, 0.6, 0.8}, 0.79}, smooth{{0.6, 0.81, 0.82, 0.83, 0.84}, 0.85};

TEST(Majority, HoldsWhereMoreThanHalfDo) {
    using enum Support;
    const auto verdict = [](const std::vector<Support>& supports) {
        std::vector<Statement> statements;
        for (const auto support : supports) statements.push_back({support, "x"});
        return majority("c", statements).verdict;
    };
    EXPECT_EQ(verdict({shown, shown, contradicted}), "holds");
    EXPECT_EQ(verdict({shown, contradicted}), "mixed");  // half is not most
    EXPECT_EQ(verdict({shown, not_shown, not_shown}), "mixed");
    EXPECT_EQ(verdict({not_shown, not_shown}), "not shown");
    EXPECT_EQ(verdict({contradicted, contradicted, shown}), "contradicted");
}

TEST(AcetClaims, HoldWhereTheNumbersAreThePapers) {
    const auto claims =
        acet_claims({made_acet("spiral", {rough, smooth}), made_acet("circles", {rough, smooth})});
    EXPECT_EQ(verdict_of(claims, "consistently"), "holds");
    EXPECT_EQ(verdict_of(claims, "on most data sets"), "holds");
    EXPECT_EQ(verdict_of(claims, "passes to the other's"), "holds");
    EXPECT_EQ(verdict_of(claims, "passes to the accuracy that both"), "holds");
    EXPECT_EQ(verdict_of(claims, "seconds to the accuracy that both"), "holds");
    EXPECT_EQ(verdict_of(claims, "curve of the accuracy is smoother"), "holds");
    EXPECT_EQ(verdict_of(claims, "curve of the validation loss is smoother"), "holds");
    EXPECT_EQ(verdict_of(claims, "curve of the training loss is smoother"), "holds");
    EXPECT_EQ(verdict_of(claims, "training less that on test"), "holds");
    EXPECT_EQ(verdict_of(claims, "On noisy circles"), "holds");
    EXPECT_EQ(verdict_of(claims, "less time"), "not shown");  // as many epochs of 2 seconds
    EXPECT_EQ(verdict_of(claims, "reduce the computation"), "not shown");
    EXPECT_EQ(verdict_of(claims, "training loss rises in steps"), "contradicted");  // it falls at t = 1
    EXPECT_EQ(verdict_of(claims, "test loss falls in steps"), "holds");
    EXPECT_THAT(
        find_claim(claims, "consistently")->measured,
        HasSubstr("Spiral: ACET 85.35 %, standard 79.35 % (+6.00 points, 95 % +6.00 to +6.00; p 0.0078); "
                  "Noisy Circles: ACET"));
}

TEST(AcetClaims, DoNotHoldWhereTheyAreTurnedAround) {
    const auto claims =
        acet_claims({made_acet("spiral", {smooth, rough}), made_acet("circles", {smooth, rough})});
    for (const char* claim :
         {"consistently", "on most data sets", "passes to the other's", "passes to the accuracy that both",
          "accuracy is smoother", "validation loss is smoother", "training less that on test",
          "On noisy circles"})
        EXPECT_EQ(verdict_of(claims, claim), "contradicted") << claim;
}

TEST(AcetClaims, AreOnlyAboutWhatWasRun) {
    AcetResult r = made_acet("moons", {rough, smooth});
    auto claims = acet_claims({r});
    EXPECT_EQ(find_claim(claims, "On noisy circles"), nullptr);
    EXPECT_EQ(find_claim(claims, "decision boundaries"), nullptr);  // there are no maps
    for (auto& trials : r.study.trials)
        for (auto& trial : trials)
            for (auto& e : trial.evaluations) e.training = undefined_scores;
    claims = acet_claims({r});
    EXPECT_EQ(find_claim(claims, "training less that on test"), nullptr);
    for (const auto& c : claims) EXPECT_THAT(c.measured, Not(HasSubstr("nan"))) << c.claim;
}

TEST(BoundaryLength, CountsNeighboursOfDifferentClasses) {
    TrialRecord trial = made_trial(0, {0.5});
    EXPECT_TRUE(std::isnan(boundary_length().of(trial)));
    trial.map = DecisionMap{.grid = {{0, 1}, {0, 1}, 3, 2}, .classes = {0, 0, 1, 0, 1, 1}, .class_names = {}};
    EXPECT_EQ(boundary_length().of(trial), 3);
}

TEST(Roughness, IsTheSumOfChanges) {
    const auto measure = roughness("r", [](const EvaluationEvent& e) { return e.validation.accuracy; });
    EXPECT_NEAR(measure.of(made_trial(0, {0.5, 0.7, 0.6, 0.6})), 0.3, 1e-12);
    EXPECT_EQ(measure.of(made_trial(0, {0.5})), 0);
    // One that diverged is not smooth because it ended early.
    EXPECT_TRUE(std::isinf(measure.of(made_trial(0, {0.5}, StopReason::diverged))));
    EXPECT_TRUE(std::isinf(generalization_gap().of(made_trial(0, {0.5}, StopReason::diverged))));
}

TEST(AcetFigures, AreThePapersAndThePageShowsThem) {
    const TemporaryFolder folder;
    std::vector<AcetResult> results{made_acet("spiral", {rough, smooth}, 2),
                                    made_acet("mnist", {rough, smooth}, 2)};
    for (auto& trials : results[1].study.trials)  // the images are not evaluated on their training part
        for (auto& trial : trials)
            for (auto& e : trial.evaluations) e.training = undefined_scores;
    results[0].study.pictured = std::make_shared<const Parts>(load_parts(data_request(small_experiment())));
    for (auto& trials : results[0].study.trials)
        trials[0].map = DecisionMap{.grid = {{0, 1}, {0, 1}, 2, 2},
                                    .classes = {0, 0, 1, 2},
                                    .class_names = {"first", "second", "third"}};
    const auto figures = draw_acet_figures(folder.path(), results);
    std::vector<std::string> names;
    for (const auto& figure : figures) names.push_back(figure.path.filename().string());
    // 5 and 6 are of the noisy circles, which were not run.
    EXPECT_THAT(names, testing::ElementsAre("figure1.svg", "figure2.svg", "figure3.svg", "figure4.svg",
                                            "figure7.svg", "figure8.svg", "figure9.svg"));
    EXPECT_THAT(read_file(figures[0].path), HasSubstr("second"));
    EXPECT_THAT(read_file(figures[3].path), HasSubstr("Accuracy, ACET"));
    EXPECT_THAT(figures[4].caption, HasSubstr("its accuracy was not evaluated"));
    EXPECT_THAT(figures[5].caption, HasSubstr("MNIST"));
    EXPECT_THAT(read_file(figures[6].path), HasSubstr(">t<"));

    const auto claims = acet_claims(results);
    write_acet_report(folder.path(), results, claims, figures);
    const std::string page = read_file(folder.path() / "report.html");
    EXPECT_THAT(page, HasSubstr("Table 1: accuracy on test examples"));
    EXPECT_THAT(page, HasSubstr("Table 2: what training took"));
    EXPECT_THAT(page, HasSubstr("<td>not shown</td>"));
    EXPECT_THAT(page, HasSubstr("src=\"data:image/svg+xml;base64,"));
    EXPECT_THAT(page, HasSubstr("spiral/report.html"));

    // The page is drawn from the files again.
    std::filesystem::remove(folder.path() / "report.html");
    EXPECT_EQ(read_file(write_report(folder.path(), "")), page);
    write_file_atomically(folder.path() / "acet.json", "{\"tables\": [");
    expect_error(2, [&] { write_report(folder.path(), ""); }, {"acet.json", "tables and figures"});
    write_file_atomically(
        folder.path() / "acet.json",
        R"({"tables": [{"title": "t", "header": ["a", "b"], "rows": [["1"]], "notes": ""}]})");
    expect_error(2, [&] { write_report(folder.path(), ""); }, {"acet.json", "as wide as their header"});
}

TEST(AcetFigures, WithoutMnistTheLastThreeAreOfWhatWasRun) {
    const TemporaryFolder folder;
    const auto figures = draw_acet_figures(folder.path(), {made_acet("rings", {rough, smooth}, 2)});
    ASSERT_EQ(figures.size(), 3u);
    for (const auto& figure : figures) EXPECT_THAT(figure.caption, HasSubstr("Interlocking Rings"));
}

}  // namespace
}  // namespace ravine::test
