#include "ravine/train/trainer.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::HasSubstr;

TEST(Divergence, AHugeRateIsReportedWithStepAndLayer) {
    Case given;
    given.optimizer = "sgd:learning_rate=1e30";
    Bench bench(given);
    const Numbers initial = bench.weights();
    const TrainOutcome outcome = bench.run();
    EXPECT_EQ(outcome.reason, StopReason::diverged);
    EXPECT_THAT(outcome.divergence, testing::MatchesRegex("step 2: the loss is nan, first in layer '2'"));
    EXPECT_EQ(bench.weights(), initial);
    EXPECT_EQ(bench.state.step, 1);
    EXPECT_EQ(bench.heard.stops, 0);  // there is nothing to go on with
    EXPECT_TRUE(std::isfinite(outcome.validation.loss));
}

TEST(Divergence, WeightsThatAreNotFiniteAreNamed) {
    for (const auto& [tensor, layer] : {std::pair{"0.weight", "0"}, {"2.bias", "2"}}) {
        Bench bench{Case{}};
        bench.parameters.write().set(bench.parameters.layout().find(tensor)->offset,
                                     std::numeric_limits<double>::quiet_NaN());
        const TrainOutcome outcome = bench.run();
        EXPECT_EQ(outcome.reason, StopReason::diverged);
        EXPECT_EQ(
            outcome.divergence,
            fmt::format("step 1: the loss is nan, first in layer '{}'; parameters of '{}' are not finite",
                        layer, tensor));
        EXPECT_EQ(bench.state.step, 0);
        EXPECT_TRUE(std::isnan(outcome.train_loss));
    }
}

// Weights are ruined after the first update of an epoch, which the next update notices, or after the last
// one, which only the evaluation can notice. Either way those of the last evaluation at which all was well
// return.
TEST(Divergence, TheLastGoodWeightsReturn) {
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
                    bench.parameters.write().set(3, std::numeric_limits<double>::infinity());
            });
            const TrainOutcome outcome = bench.run({&ruin});
            EXPECT_EQ(outcome.reason, StopReason::diverged);
            EXPECT_THAT(outcome.divergence, HasSubstr(ruined_after == 7 ? "step 8: " : "step 12: "));
            EXPECT_EQ(bench.weights(), good);
            EXPECT_EQ(bench.buffers.to_doubles(), good_buffers);
            EXPECT_EQ(bench.state.best_epoch, validates ? 1 : 0);
            EXPECT_EQ(std::isfinite(outcome.validation.loss), validates);
        }
    }
}

// One hidden unit h = 1e-37 x0, logits -3e38 h and 3e38 h, class 0: the loss is about 60, and the slope of h
// is 3e38 + 3e38, which no float holds.
TEST(Divergence, AnInfiniteGradientOfAFiniteLoss) {
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
        bench.parameters.write().assign(Vector(weights, Precision::f32));
        const Numbers initial = bench.weights();
        const TrainOutcome outcome = bench.run();
        EXPECT_EQ(outcome.reason, StopReason::diverged);
        // Clipped element by element the parameters stay finite, and nothing is left to find the tensor by.
        EXPECT_EQ(outcome.divergence, std::string("step 1: the gradient is not finite") +
                                          (clip[0] == 'v' ? "" : ", first in '0.bias'"));
        EXPECT_EQ(bench.weights(), initial);
    }
}

}  // namespace
}  // namespace ravine
