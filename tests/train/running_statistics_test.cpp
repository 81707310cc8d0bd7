#include "ravine/train/trainer.hpp"

#include <cmath>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

/// Evaluates three times a step; accepts the step or not.
class Repeating : public Optimizer {
public:
    explicit Repeating(StepReport report) : report_(report) {}
    StepReport step(Objective& objective, Parameters& parameters) override {
        Vector gradient(parameters.values().size(), parameters.values().precision());
        for (int i = 0; i < 3; ++i) {
            parameters.write();  // a new version: nothing may be remembered
            report_.loss = objective.value_and_gradient(parameters, gradient);
        }
        return report_;
    }
    int64_t steps() const override { return 0; }
    void set_steps(int64_t) override {}
    std::vector<NamedState> state() override { return {}; }

private:
    StepReport report_;
};

TEST(RunningStatistics, AreCommittedOnceAnAcceptedStep) {
    Case given;
    given.model = "mlp:hidden=4,normalization=batch";
    given.options = {.epochs = 1, .max_steps = 1, .batch = 180, .compile = {Precision::f64, 1}};
    Bench bench(given, parts_of(given), std::make_unique<Repeating>(StepReport{.updated = true}));
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
    for (const StepReport report :
         {StepReport{.updated = false}, StepReport{.gradient_norm = std::nan(""), .updated = true}}) {
        Case given;
        given.model = "mlp:hidden=4,normalization=batch";
        Bench bench(given, parts_of(given), std::make_unique<Repeating>(report));
        const Numbers before = bench.buffers.to_doubles();
        EXPECT_EQ(bench.run().reason, StopReason::diverged);
        EXPECT_EQ(bench.buffers.to_doubles(), before);
    }
}

TEST(RunningStatistics, ALastBatchOfOneExampleDoesNoHarm) {
    Case given;
    given.model = "mlp:hidden=8,normalization=batch";
    given.options.batch = 179;  // of 180
    Bench bench(given);
    EXPECT_EQ(bench.run().reason, StopReason::epochs);
    EXPECT_EQ(bench.state.step, 6);
}

}  // namespace
}  // namespace ravine
