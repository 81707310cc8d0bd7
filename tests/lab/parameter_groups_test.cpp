#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ravine/data/formats/safetensors.hpp"
#include "ravine/lab/inspect/gradcheck.hpp"
#include "ravine/lab/inspect/inspection.hpp"
#include "ravine/lab/study/contender.hpp"
#include "tests/lab/run_support.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Runs of parts of the parameters: "0" is dense, "1" normalises the batch, "3" is dense.
class ParameterGroupsTest : public RunTest {
protected:
    static Experiment experiment() {
        Experiment e = small_experiment();
        e.model = "mlp:hidden=8,normalization=batch";
        e.schedule = "constant";
        return e;
    }

    /// Weights and statistics of a run by name.
    static std::map<std::string, std::vector<double>> tensors_of(const RunFolder& folder) {
        std::map<std::string, std::vector<double>> result;
        for (const auto& tensor : read_safetensors(folder.model()).tensors)
            result[tensor.name] = tensor.data.to_doubles();
        return result;
    }
};

TEST_F(ParameterGroupsTest, FineTuningKeepsWhatIsFrozen) {
    const RunFolder first = folder("first"), second = folder("second");
    Experiment e = experiment();
    train_in(first, e);
    const auto before = tensors_of(first);
    e.init = first.model().string();
    e.freeze = "0.*,1.weight";
    e.weight_decay = 0.1;
    e.clip = "norm:limit=1";
    e.seed = 2;
    train_in(second, e);
    const auto after = tensors_of(second);
    ASSERT_EQ(after.size(), before.size());
    for (const auto& [name, values] : after) {
        const bool is_frozen = name.starts_with("0.") || name == "1.weight";
        EXPECT_EQ(values == before.at(name), is_frozen) << name;  // running statistics move
    }
    EXPECT_THAT(contents_of(second.config()), HasSubstr("freeze = '0.*,1.weight'\n"));
    EXPECT_THAT(contents_of(second.config()), HasSubstr("rate_of = 'none'\n"));
    const Json summary = summary_of(second);
    const int64_t frozen = 2 * 8 + (before.contains("0.bias") ? 8 : 0) + 8;
    EXPECT_EQ(summary["trained_parameters"].get<int64_t>(), summary["parameters"].get<int64_t>() - frozen);
    EXPECT_EQ(summary_of(first)["trained_parameters"], summary_of(first)["parameters"]);
}

// One step of gradient descent moves a tensor by its factor times what it would.
TEST_F(ParameterGroupsTest, RatesAreMultiplesOfTheLearningRate) {
    Experiment e = experiment();
    e.optimizer = "sgd:learning_rate=0.5";
    e.precision = "f64";
    e.max_steps = 1;
    const auto moved = [&](const std::string& rate_of) {
        e.rate_of = rate_of;
        ravine::Run run(e, say_nothing);
        const auto before = run.parameters().values().to_doubles();
        run.train({});
        std::map<std::string, double> result;
        for (const auto& slice : run.parameters().layout().slices)
            result[slice.name] =
                run.parameters().values().at(slice.offset) - before[static_cast<size_t>(slice.offset)];
        return result;
    };
    const auto plain = moved("none"), scaled = moved("*=0.25,3.*=2");
    for (const auto& [name, step] : scaled) {
        EXPECT_NEAR(step, (name.starts_with("3.") ? 2 : 0.25) * plain.at(name), 1e-15) << name;
    }
    EXPECT_GT(std::abs(plain.at("3.weight")), 1e-6);
}

// The norm that clipping goes by, and that is reported, is that of what is trained.
TEST_F(ParameterGroupsTest, NormsAreOfWhatIsTrained) {
    struct Norms : TrainListener {
        std::vector<double> values;
        void on_step(const StepEvent& event) override { values.push_back(event.gradient_norm); }
    };
    Experiment e = experiment();
    e.max_steps = e.log_every = 1;
    const auto norm = [&](const std::string& freeze) {
        e.freeze = freeze;
        Norms norms;
        ravine::Run(e, say_nothing).train({&norms});
        return norms.values.at(0);
    };
    const double all = norm("none"), of_last = norm("0.*,1.*"), of_first = norm("3.*");
    EXPECT_LT(of_last, all);
    EXPECT_NEAR(std::hypot(of_last, of_first), all, 1e-5 * all);
}

TEST_F(ParameterGroupsTest, AResumedRunGoesOnExactly) {
    Experiment e = experiment();
    e.freeze = "0.*";
    e.rate_of = "3.*=0.5";
    const RunFolder whole = folder("whole"), stopped = folder("stopped");
    train_in(whole, e);
    InterruptAfter stop(8);
    train_in(stopped, e, {&stop});
    resume_in(stopped);
    EXPECT_EQ(tensors_of(stopped), tensors_of(whole));
}

TEST_F(ParameterGroupsTest, WhatMatchesNothingIsRefusedBeforeAnyTraining) {
    const auto refused = [](const std::string& freeze, const std::string& rate_of,
                            const std::vector<std::string>& parts) {
        Experiment e = experiment();
        e.freeze = freeze;
        e.rate_of = rate_of;
        expect_error(
            2, [&] { ravine::Run run(e, say_nothing); }, parts);
    };
    refused("2.*", "none", {"freeze: '2.*' matches no tensor"});
    refused("none", "3.wieght=2", {"rate_of: '3.wieght'", "did you mean '3.weight'?"});
    refused("*", "none", {"nothing to train"});
    refused("none", "3.*", {"expected PATTERN=FACTOR"});
}

TEST_F(ParameterGroupsTest, GradcheckLooksAtWhatIsTrained) {
    Experiment e = experiment();
    e.freeze = "0.*,1.bias";
    e.l2 = 0.01;
    const Gradcheck check = gradcheck(e, {.samples = 10, .examples = 8}, [](double) {});
    std::vector<std::string> names;
    for (const auto& tensor : check.tensors) names.push_back(tensor.name);
    EXPECT_THAT(names, ElementsAre("1.weight", "3.weight", "3.bias"));
    EXPECT_LE(check.verdict(), GradientVerdict::acceptable);
    EXPECT_GT(summarize_check(check.elements()).counted, 0);
}

TEST_F(ParameterGroupsTest, InspectLooksAtWhatIsTrained) {
    Experiment e = experiment();
    e.freeze = "0.*,1.*";
    e.precision = "f64";
    const RunFolder run = folder("run");
    train_in(run, e);
    const Inspection inspection = inspect(run, {.moments = 3}, "", {}, say_nothing);
    EXPECT_EQ(inspection.rerun, Rerun::same);
    for (const auto& moment : inspection.moments) {
        ASSERT_EQ(moment.tensors.size(), 2U);
        EXPECT_EQ(moment.tensors[0].name, "3.weight");
        EXPECT_NEAR(moment.squared_gradient,
                    std::pow(moment.tensors[0].gradient, 2) + std::pow(moment.tensors[1].gradient, 2), 1e-12);
        EXPECT_GT(moment.squared_gradient, 0);
        // The batch's statistics, which the frozen layer uses, are no parameters: the loss moves all the
        // same.
        EXPECT_NE(moment.update.real, 0);
    }
}

TEST_F(ParameterGroupsTest, TheFirstModelOfACurriculumIsTrainedWhole) {
    Experiment e = experiment();
    e.curriculum = "weighted";
    e.freeze = "0.*";
    const RunFolder run = folder("run");
    EXPECT_EQ(train_in(run, e).outcome.reason, StopReason::epochs);
}

TEST(ParameterGroupContenders, AreCompared) {
    const auto contenders =
        make_contenders({setting("dataset", {"spiral"}), setting("freeze", {"none", "0.*"}),
                         setting("rate_of", {"2.*=0.1"})});
    ASSERT_EQ(contenders.size(), 2U);
    EXPECT_EQ(contenders[0].label, "none");
    EXPECT_EQ(contenders[1].label, "0.*");
    EXPECT_EQ(contenders[1].experiment.freeze, "0.*");
    EXPECT_EQ(contenders[1].experiment.rate_of, "2.*=0.1");
}

}  // namespace
}  // namespace ravine::test
