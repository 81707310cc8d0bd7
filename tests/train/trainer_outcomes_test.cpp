#include <cmath>
#include <limits>

#include "tests/train/support.hpp"

// What becomes of a step: numbers that are not finite, steps that are refused, running statistics.

namespace ravine {
namespace {

using namespace test;
using testing::HasSubstr;

constexpr CompileOptions of_doubles{Precision::f64, 1};

// --- Numbers that are not finite
// ----------------------------------------------------------------------------------------------

TEST(NotFinite, AHugeRateIsReportedWithStepAndLayer) {
    Case given;
    given.optimizer = "sgd:learning_rate=1e30";
    Bench bench(given);
    const Numbers initial = bench.weights();
    const TrainOutcome outcome = bench.run();
    EXPECT_EQ(outcome.reason, StopReason::diverged);
    EXPECT_THAT(outcome.failure, testing::MatchesRegex("step 2: the loss is nan, first in layer '2'"));
    EXPECT_EQ(bench.weights(), initial);
    EXPECT_EQ(bench.state.step, 1);
    EXPECT_EQ(bench.heard.stops, 0);  // there is nothing to go on with
    EXPECT_TRUE(std::isfinite(outcome.validation.loss));
}

TEST(NotFinite, WeightsThatAreNotFiniteAreNamed) {
    for (const auto& [tensor, layer] : {std::pair{"0.weight", "0"}, {"2.bias", "2"}}) {
        Bench bench{Case{}};
        bench.parameters.write()->set(bench.parameters.layout().find(tensor)->offset,
                                      std::numeric_limits<double>::quiet_NaN());
        const TrainOutcome outcome = bench.run();
        EXPECT_EQ(outcome.reason, StopReason::diverged);
        EXPECT_EQ(
            outcome.failure,
            fmt::format("step 1: the loss is nan, first in layer '{}'; parameters of '{}' are not finite",
                        layer, tensor));
        EXPECT_EQ(bench.state.step, 0);
        EXPECT_TRUE(std::isnan(outcome.train_loss));
    }
}

// Weights are ruined after the first update of an epoch, which the next update notices, or after the last
// one, which only the evaluation can notice. Either way those of the last evaluation at which all was well
// return.
TEST(NotFinite, TheLastGoodWeightsReturn) {
    for (const bool validates : {true, false}) {
        for (const int64_t ruined_after : {7, 12}) {
            SCOPED_TRACE(fmt::format("{} {}", validates, ruined_after));
            Case given;
            given.model = "mlp:hidden=8,normalization=batch";
            Parts parts = parts_of(given);
            if (!validates) parts.validation = parts.validation.subset({});
            Bench bench(given, parts);
            Numbers good, good_buffers;
            AfterUpdate ruin([&](const StepEvent& event) {
                if (event.step == 6) {
                    good = bench.weights();
                    good_buffers = bench.buffers.to_doubles();
                }
                if (event.step == ruined_after)
                    bench.parameters.write()->set(3, std::numeric_limits<double>::infinity());
            });
            const TrainOutcome outcome = bench.run({&ruin});
            EXPECT_EQ(outcome.reason, StopReason::diverged);
            EXPECT_THAT(outcome.failure, HasSubstr(ruined_after == 7 ? "step 8: " : "step 12: "));
            EXPECT_EQ(bench.weights(), good);
            EXPECT_EQ(bench.buffers.to_doubles(), good_buffers);
            EXPECT_EQ(bench.state.best_epoch, validates ? 1 : 0);
            EXPECT_EQ(std::isfinite(outcome.validation.loss), validates);
        }
    }
}

// One hidden unit h = 1e-37 x0, logits -3e38 h and 3e38 h, class 0: the loss is about 60, and the slope of h
// is 3e38 + 3e38, which no float holds.
TEST(NotFinite, AnInfiniteGradientOfAFiniteLoss) {
    for (const char* clip : {"none", "norm:limit=1", "value:limit=1"}) {
        SCOPED_TRACE(clip);
        Dataset data{.name = "ones", .feature_shape = {2}};
        data.features = std::vector<float>(8, 1);
        data.labels = {0, 0, 0, 0};
        data.output_count = 2;
        data.classes = {"a", "b"};
        Parts parts{.training = data, .validation = data.subset({}), .test = data.subset({})};
        parts.schema = schema_of(data);
        parts.schema.normalization = Normalization::identity(2);
        Case given;
        given.model = "mlp:hidden=1";
        given.clip = clip;
        given.optimizer = "sgd";
        Bench bench(given, parts);
        const std::vector<double> weights{1e-37, 0, 0, -3e38, 3e38, 0, 0};
        bench.parameters.write()->assign(Vector(weights, Precision::f32));
        const Numbers initial = bench.weights();
        const TrainOutcome outcome = bench.run();
        EXPECT_EQ(outcome.reason, StopReason::diverged);
        EXPECT_EQ(outcome.failure, "step 1: the gradient is not finite, first in '0.bias'");
        EXPECT_EQ(bench.weights(), initial);
    }
}

// --- Running statistics
// --------------------------------------------------------------------------------------

/// Evaluates three times a step, first where it stands and then at other points; accepts the step or not.
class Repeating : public Optimizer {
public:
    explicit Repeating(StepReport report) : report_(report) {}
    StepReport step(Objective& objective, Parameters& parameters) override {
        Vector gradient(parameters.values().size(), parameters.values().precision());
        report_.loss = objective.value_and_gradient(parameters, gradient);
        objective.settle();
        Parameters::Snapshot here;
        parameters.save(here);
        for (int i = 1; i < 3; ++i) {
            parameters.write()->fill(i);
            objective.value_and_gradient(parameters, gradient);
        }
        parameters.restore(here);
        return report_;
    }
    int64_t steps() const override { return 0; }
    SavedState state() override { return {}; }

private:
    StepReport report_;
};

TEST(RunningStatistics, AreCommittedOnceAnAcceptedStep) {
    Case given;
    given.model = "mlp:hidden=4,normalization=batch";
    given.options = {.epochs = 1, .max_steps = 1, .batch = 180, .compile = of_doubles};
    Bench bench(given, parts_of(given),
                std::make_unique<Repeating>(StepReport{.outcome = StepOutcome::updated}));
    const Numbers w = bench.weights();
    EXPECT_EQ(bench.run().reason, StopReason::epochs);
    const auto& data = bench.parts.training;
    for (size_t unit = 0; unit < 4; ++unit) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < 180; ++i) {
            const auto& normal = bench.parts.schema.normalization;
            const double a = w[2 * unit] * normal.apply(data.feature(i, 0), 0) +
                             w[2 * unit + 1] * normal.apply(data.feature(i, 1), 1);
            mean += a / 180;
            square += a * a / 180;
        }
        const auto at = [&](const char* name) {
            return bench.buffers.at(bench.network.buffers().find(name)->offset + static_cast<int64_t>(unit));
        };
        EXPECT_NEAR(at("1.running_mean"), 0.1 * mean, 1e-12);
        EXPECT_NEAR(at("1.running_var"), 0.9 + 0.1 * (square - mean * mean) * 180 / 179, 1e-12);
    }
}

TEST(RunningStatistics, AreNotCommittedForAStepThatIsRefusedOrRuined) {
    for (const StepReport& report : {StepReport{}, StepReport{.outcome = StepOutcome::rejected}}) {
        Case given;
        given.model = "mlp:hidden=4,normalization=batch";
        Bench bench(given, parts_of(given), std::make_unique<Repeating>(report));
        const Numbers before = bench.buffers.to_doubles();
        EXPECT_EQ(bench.run().reason,
                  report.outcome == StepOutcome::rejected ? StopReason::epochs : StopReason::diverged);
        EXPECT_EQ(bench.buffers.to_doubles(), before);
        for (const auto& event : bench.heard.updates) EXPECT_EQ(event.outcome, BatchOutcome::rejected);
        EXPECT_EQ(bench.heard.updates.size(), report.outcome == StepOutcome::rejected ? 18U : 0U);
    }
}

// It has no variance to tell, and its mean is noise: both statistics stay where the batch before has left
// them.
TEST(RunningStatistics, ALastBatchOfOneExampleLeavesThemAlone) {
    for (const Precision precision : {Precision::f32, Precision::f64}) {
        Case given;
        given.model = "mlp:hidden=8,normalization=batch";
        given.options.batch = 179;  // of 180
        given.options.compile.precision = precision;
        Bench bench(given);
        std::vector<Numbers> buffers;
        AfterUpdate copy([&](const StepEvent&) { buffers.push_back(bench.buffers.to_doubles()); });
        EXPECT_EQ(bench.run({&copy}).reason, StopReason::epochs);
        ASSERT_EQ(buffers.size(), 6U);
        for (size_t epoch = 0; epoch < 3; ++epoch) EXPECT_EQ(buffers[2 * epoch + 1], buffers[2 * epoch]);
        EXPECT_NE(buffers[2], buffers[1]);
    }
}

TEST(RunningStatistics, BatchesOfOneExampleAreRefusedWhereNoneHasAVariance) {
    const auto refusal = [](const std::string& model, int64_t batch) -> std::string {
        Case given;
        given.model = model;
        given.options.batch = batch;
        try {
            Bench{given};
        } catch (const RequestError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(
        refusal("mlp:hidden=8,normalization=batch", 1),
        "layer '1': batch normalisation has no variance of a single example: expected a batch of at least "
        "2, found 1");
    EXPECT_EQ(refusal("mlp:hidden=8,normalization=batch", 2), "");
    EXPECT_EQ(refusal("mlp:hidden=8,normalization=layer", 1), "");
}

}  // namespace
}  // namespace ravine
