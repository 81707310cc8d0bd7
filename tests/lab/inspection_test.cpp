#include "ravine/lab/inspect/inspection.hpp"

#include <fstream>

#include "ravine/lab/inspect/inspection_report.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class InspectionTest : public RunTest {
protected:
    Inspection inspected(const RunFolder& folder, const InspectOptions& options = {}) {
        return inspect(folder, options, "", {}, say_nothing);
    }
};

TEST(Inspection, MomentsAreSpacedEvenlyOnALogScale) {
    EXPECT_THAT(log_spaced(10'000, 5), ElementsAre(1, 10, 100, 1000, 10'000));
    EXPECT_THAT(log_spaced(5, 20), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_THAT(log_spaced(18, 2), ElementsAre(1, 18));
    EXPECT_THAT(log_spaced(18, 1), ElementsAre(18));
    EXPECT_THAT(log_spaced(1, 3), ElementsAre(1));
}

TEST_F(InspectionTest, RunsTheSameRunAgain) {
    const RunFolder run = folder("run");
    Experiment e = small_experiment();
    e.model = "mlp:hidden=8,dropout=0.2";
    const RunResult trained = train_in(run, e);
    const Inspection inspection = inspected(run, {.moments = 4, .examples = 50});
    EXPECT_EQ(inspection.rerun, Rerun::same);
    EXPECT_EQ(inspection.largest_difference, 0);
    EXPECT_EQ(inspection.steps, 18);
    EXPECT_EQ(inspection.examples, 50);
    std::vector<int64_t> steps;
    for (const auto& moment : inspection.moments) steps.push_back(moment.step);
    EXPECT_EQ(steps, log_spaced(18, 4));
    EXPECT_EQ(inspection.moments[0].tensors.size(), 4u);
    EXPECT_EQ(inspection.moments[0].tensors[2].name, "3.weight");
}

TEST_F(InspectionTest, OfAQuadraticThePredictionIsExact) {
    const RunFolder run = folder("run");
    Experiment e = small_experiment();
    e.dataset = "linear-regression:examples=300,features=5";
    e.model = "linear";
    e.optimizer = "momentum:learning_rate=0.05";
    e.schedule = "cosine";
    e.precision = "f64";
    train_in(run, e);
    const Inspection inspection = inspected(run, {.moments = 6});
    ASSERT_EQ(inspection.moments.size(), 6u);
    for (const auto& m : inspection.moments) {
        SCOPED_TRACE(m.step);
        EXPECT_NEAR(m.gradient_step.predicted, m.gradient_step.real, 1e-12);
        EXPECT_NEAR(m.update.predicted, m.update.real, 1e-12);
        EXPECT_NE(m.update.real, m.gradient_step.real);  // of another batch, and with velocity
        double squares = 0;
        for (const auto& tensor : m.tensors) squares += tensor.gradient * tensor.gradient;
        EXPECT_NEAR(m.squared_gradient, squares, 1e-12);
        EXPECT_GT(m.curvature, 0);
    }
}

TEST_F(InspectionTest, LooksAtTheFirstUpdatesOnly) {
    const RunFolder run = folder("run");
    train_in(run, small_experiment());
    const Inspection inspection = inspected(run, {.max_steps = 5});
    EXPECT_EQ(inspection.steps, 5);
    EXPECT_EQ(inspection.moments.back().step, 5);
    EXPECT_EQ(inspection.rerun, Rerun::not_compared);
}

TEST_F(InspectionTest, StopsWhereAnInterruptedRunStopped) {
    const RunFolder run = folder("run");
    InterruptAfter stop(10);
    train_in(run, small_experiment(), {&stop});
    const InterruptGuard forget;
    const Inspection inspection = inspected(run);
    EXPECT_EQ(inspection.steps, 10);
    EXPECT_EQ(inspection.rerun, Rerun::same);
}

TEST_F(InspectionTest, GoesUpToTheBestWeightsWhereTheyAreAskedFor) {
    const RunFolder run = folder("run");
    Experiment e = small_experiment();
    e.epochs = 8;
    e.optimizer = "sgd:learning_rate=8";
    e.schedule = "constant";
    train_in(run, e);
    const int64_t best = summary_of(run)["best_epoch"];
    ASSERT_LT(best, 8);
    const Inspection inspection = inspected(run, {.weights = SavedWeights::best});
    EXPECT_EQ(inspection.steps, 6 * best);
    EXPECT_EQ(inspection.rerun, Rerun::same);
}

TEST_F(InspectionTest, NoticesThatARunWasAnother) {
    const RunFolder run = folder("run");
    train_in(run, small_experiment());
    std::string config = contents_of(run.config());
    config.replace(config.find("seed = 1"), 8, "seed = 2");
    std::ofstream(run.config()) << config;
    const Inspection inspection = inspected(run);
    EXPECT_EQ(inspection.rerun, Rerun::different);
    EXPECT_GT(inspection.largest_difference, 0.01);
}

TEST_F(InspectionTest, SaysWhereARunDiverged) {
    const RunFolder run = folder("run");
    Experiment e = small_experiment();
    e.dataset = "linear-regression:examples=300";
    e.model = "linear";
    e.optimizer = "sgd:learning_rate=1e30";
    train_in(run, e);
    const Inspection inspection = inspected(run);
    EXPECT_NE(inspection.failure, "");
    EXPECT_THAT(findings(inspection).front(), HasSubstr("diverged"));
}

TEST_F(InspectionTest, TheTableHasARowANumber) {
    const RunFolder run = folder("run");
    train_in(run, small_experiment());
    const std::string csv = inspection_csv(inspected(run, {.moments = 2}));
    EXPECT_THAT(csv, testing::StartsWith("step,about,name,quantity,value\n1,loss,,loss,"));
    EXPECT_THAT(csv, HasSubstr("\n18,layer,1,dead,"));
    EXPECT_THAT(csv, HasSubstr("\n18,tensor,2.weight,update,"));
    EXPECT_THAT(csv, testing::Not(HasSubstr("nan")));
}

/// A healthy moment of a net of two dense layers with `activation` between them.
Moment healthy(int64_t step, const std::string& activation) {
    Moment m{.step = step, .loss = 1, .learning_rate = 0.1, .squared_gradient = 1, .curvature = 1};
    m.gradient_step = {-0.1, -0.1};
    m.update = {-0.1, -0.1};
    for (const auto& [name, kind] :
         std::vector<std::pair<std::string, std::string>>{{"0", "dense"}, {"1", activation}, {"2", "dense"}})
        m.layers.push_back({.name = name, .kind = kind, .units = 10, .deviation = 1, .gradient = 1});
    m.tensors = {{"0.weight", 1, 1, 1e-3}, {"2.weight", 1, 1, 1e-3}};
    return m;
}

/// What is found where the last moment is changed.
template <class Change>
std::vector<std::string> found(const std::string& activation, Change change) {
    Inspection inspection{.experiment = {}, .examples = 128, .steps = 3};
    for (const int64_t step : {1, 2, 3}) inspection.moments.push_back(healthy(step, activation));
    change(inspection);
    return findings(inspection);
}

TEST(Findings, NothingStandsOutOfAHealthyRun) {
    EXPECT_THAT(found("relu", [](Inspection&) {}), testing::IsEmpty());
}

TEST(Findings, NameWhatStandsOut) {
    EXPECT_THAT(found("relu", [](Inspection& i) { i.moments.back().layers[1].dead = 0.3; }),
                ElementsAre(HasSubstr("layer 1 (relu): 30 % of 10 units are dead")));
    EXPECT_THAT(found("relu", [](Inspection& i) { i.moments.front().layers[1].dead = 0.3; }),
                testing::IsEmpty());  // they came back
    EXPECT_THAT(found("tanh", [](Inspection& i) { i.moments.back().layers[1].saturated = 0.6; }),
                ElementsAre(HasSubstr("layer 1 (tanh): 60 % of the results are saturated")));
    EXPECT_THAT(found("sigmoid", [](Inspection& i) { i.moments.back().layers[0].gradient = 1e-4; }),
                ElementsAre(testing::AllOf(HasSubstr("shrink 1e+04-fold"), HasSubstr("vanishing"))));
    EXPECT_THAT(found("relu", [](Inspection& i) { i.moments.back().layers[0].gradient = 1e4; }),
                ElementsAre(testing::AllOf(HasSubstr("grow 1e+04-fold"), HasSubstr("exploding"))));
    EXPECT_THAT(found("relu",
                      [](Inspection& i) {
                          for (auto& m : i.moments) m.tensors[1].update = 0.5;
                      }),
                ElementsAre(testing::AllOf(HasSubstr("'2.weight'"), HasSubstr("rate is large"))));
    EXPECT_THAT(found("relu",
                      [](Inspection& i) {
                          for (auto& m : i.moments) m.tensors[0].update = 1e-8;
                      }),
                ElementsAre(testing::AllOf(HasSubstr("'0.weight'"), HasSubstr("hardly learns"))));
    EXPECT_THAT(found("relu", [](Inspection& i) { i.moments.back().curvature = 20; }),
                ElementsAre(HasSubstr("ill-conditioning")));
    EXPECT_THAT(found("relu", [](Inspection& i) { i.moments.back().curvature = -1; }),
                ElementsAre(HasSubstr("g'Hg < 0")));
    EXPECT_THAT(found("relu", [](Inspection& i) { i.moments[1].gradient_step.predicted = 0.2; }),
                ElementsAre(HasSubstr("at 1 of 3 moments the curvature term exceeds")));
    EXPECT_THAT(found("relu",
                      [](Inspection& i) {
                          i.moments[0].update.real = 0.1;
                          i.moments[1].update.real = 0.1;
                      }),
                ElementsAre(HasSubstr("2 of 3 updates raised the loss")));
}

}  // namespace
}  // namespace ravine::test
