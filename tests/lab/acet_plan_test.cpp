#include <set>

#include "ravine/lab/reproduce/acet.hpp"
#include "ravine/train/targets/target_evolution.hpp"
#include "tests/lab/run_support.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {
namespace {

using testing::ElementsAre;

std::vector<std::string> names_of(const std::string& only) {
    std::vector<std::string> names;
    for (const auto& set : find_acet_sets(only)) names.push_back(set.name);
    return names;
}

TEST(AcetSets, AreFoundByNameInTheOrderOfThePaper) {
    EXPECT_THAT(names_of(""), ElementsAre("spiral", "moons", "circles", "rings"));
    EXPECT_THAT(names_of("all"),
                ElementsAre("spiral", "moons", "circles", "rings", "mnist", "fashion-mnist"));
    EXPECT_THAT(names_of("mnist,moons,moons"), ElementsAre("moons", "mnist"));
    EXPECT_THAT(names_of("fashion-mnist,synthetic"),
                ElementsAre("spiral", "moons", "circles", "rings", "fashion-mnist"));
    expect_error(2, [] { find_acet_sets("spiral,mnits"); }, {"--only", "'mnits'", "did you mean 'mnist'"});
    expect_error(2, [] { find_acet_sets("spiral,,moons"); }, {"--only", "found ''"});
}

TEST(AcetSets, HaveTheModelsAndTheTrainingOfThePaper) {
    for (const auto& set : acet_sets()) {
        const bool is_image = set.name.ends_with("mnist");
        EXPECT_EQ(set.experiment.epochs, 50) << set.name;
        EXPECT_EQ(set.experiment.targets, "fixed") << set.name;
        EXPECT_EQ(set.paper.has_value(), set.name != "fashion-mnist");
        EXPECT_EQ(set.experiment.model.starts_with("cnn"), is_image) << set.name;
        EXPECT_EQ(set.seeds, is_image ? 3 : 15) << set.name;
        EXPECT_NO_THROW(check_names(set.experiment)) << set.name;
    }
    EXPECT_EQ(find_acet_sets("rings").at(0).experiment.model, "mlp:hidden=128-128-64");
    EXPECT_EQ(find_acet_sets("circles").at(0).experiment.model, "mlp:hidden=100-100");
}

TEST(AcetPlan, HasStandardTrainingAndAcetInOneFrame) {
    const StudyPlan plan = acet_plan(find_acet_sets("spiral").at(0), {});
    ASSERT_EQ(plan.contenders.size(), 2u);
    EXPECT_EQ(plan.options.seeds, 15);
    EXPECT_EQ(plan.options.tune, "");
    Experiment standard = plan.contenders[acet_standard].experiment,
               acet = plan.contenders[acet_acet].experiment;
    EXPECT_EQ(standard.gate, "none");
    EXPECT_EQ(acet.targets, "acet:increment=0.1,epochs_per_increment=5");
    EXPECT_EQ(acet.gate, "equilibrium:epsilon=0.00001");
    acet.targets = standard.targets;  // and in nothing else do they differ
    acet.gate = standard.gate;
    EXPECT_EQ(experiment_to_toml(acet), experiment_to_toml(standard));
}

TEST(AcetPlan, RivalsAndAnAblationFollowTheTwo) {
    const AcetSet set = find_acet_sets("moons").at(0);
    const size_t rivals = acet_plan(set, {.rivals = true}).contenders.size(),
                 ablation = acet_plan(set, {.ablation = true}).contenders.size();
    EXPECT_EQ(rivals, 2u + 4);
    const StudyPlan plan = acet_plan(set, {.rivals = true, .ablation = true});
    EXPECT_EQ(plan.contenders.size(), rivals + ablation - 2);
    std::set<std::string> labels, experiments;
    for (const auto& [label, e] : plan.contenders) {
        EXPECT_NO_THROW(check_names(e)) << label;
        EXPECT_EQ(e.epochs, 50) << label;
        labels.insert(label);
        experiments.insert(experiment_to_toml(e));
    }
    EXPECT_EQ(labels.size(), plan.contenders.size());
    EXPECT_EQ(experiments.size(), plan.contenders.size());  // none takes part twice
}

TEST(AcetPlan, EveryContenderCompilesAndTheFirstTwoNameTheStudy) {
    AcetSet set = find_acet_sets("spiral").at(0);
    set.experiment.dataset = "spiral:examples=200";
    set.experiment.model = "mlp:hidden=4";
    const Study two(acet_plan(set, {})), all(acet_plan(set, {.rivals = true, .ablation = true}));
    EXPECT_NE(all.digest(), two.digest());
    EXPECT_EQ(all.digest_of_first(2), two.digest());
    set.experiment.batch = 16;
    EXPECT_NE(Study(acet_plan(set, {})).digest(), two.digest());
}

TEST(AcetPlan, AQuickOneHasFewSeedsUnlessAskedFor) {
    const AcetSet set = find_acet_sets("circles").at(0);
    constexpr auto quick = AcetStudyOptions::Extent::quick;
    EXPECT_EQ(acet_plan(set, {.extent = quick}).options.seeds, 6);
    EXPECT_EQ(acet_plan(set, {.seeds = 2, .extent = quick}).options.seeds, 2);
    EXPECT_EQ(acet_plan(set, {.seeds = 20}).options.seeds, 20);
}

}  // namespace
}  // namespace ravine::test
