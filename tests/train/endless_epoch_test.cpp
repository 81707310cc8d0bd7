#include "ravine/train/averages/averaging.hpp"
#include "ravine/train/training/batch_order.hpp"
#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

Case endless_case() {
    Case given;
    given.options.epoch_length = EpochLength::endless;
    given.options.compile.precision = Precision::f64;
    return given;
}

// 180 training examples in batches of 32: six batches a pass.
TEST(EndlessEpoch, IsOnePassAfterAnother) {
    BatchOrder epochs({.seed = 5, .batch = 4, .examples = 10}),
        endless({.seed = 5, .batch = 4, .examples = 10, .epoch_length = EpochLength::endless}),
        looking({.seed = 5, .batch = 4, .examples = 10, .epoch_length = EpochLength::endless});
    EXPECT_EQ(epochs.batches(), 3);
    EXPECT_EQ(endless.batches(), std::nullopt);
    endless.begin(0);
    looking.begin(0);
    const auto list = [](std::span<const int64_t> examples) {
        return std::vector<int64_t>(examples.begin(), examples.end());
    };
    for (int64_t i = 0; i < 12; ++i) {
        if (i % 3 == 0) epochs.begin(i / 3);
        EXPECT_EQ(list(endless.batch(i)), list(epochs.batch(i % 3))) << i;
        EXPECT_EQ(list(looking.batch(i)), list(endless.batch(i))) << i;
        EXPECT_EQ(list(looking.after(i)), list(epochs.after(i % 3))) << i;
    }
    EXPECT_EQ(endless.examples_in(2), 8);
    EXPECT_EQ(endless.examples_in(3), 10);
    EXPECT_EQ(endless.examples_in(7), 24);
}

TEST(EndlessEpoch, TrainsLikeEpochsAndIsEndedBySteps) {
    Case given = endless_case();
    given.options.max_steps = 15;
    Bench bench(given);
    const TrainOutcome outcome = bench.run();
    EXPECT_EQ(outcome.reason, StopReason::max_steps);
    EXPECT_EQ(bench.heard.total_steps, 15);
    EXPECT_EQ(bench.state.epoch, 0);
    ASSERT_EQ(bench.heard.evaluations.size(), 1U);
    EXPECT_EQ(bench.heard.evaluations[0].step, 15);
    EXPECT_EQ(outcome.validation.loss, bench.heard.evaluations[0].validation.loss);

    Case plain = given;
    plain.options.epoch_length = EpochLength::one_pass;
    Bench epochs(plain);
    epochs.run();
    EXPECT_EQ(bench.losses(), epochs.losses());
    EXPECT_EQ(bench.weights(), epochs.weights());
    // The mean over all 2 * 180 + 3 * 32 examples.
    double total = 0;
    for (size_t k = 0; k < 15; ++k) total += bench.losses()[k] * (k % 6 == 5 ? 20 : 32);
    EXPECT_NEAR(bench.heard.evaluations[0].train_loss, total / 456, 1e-14);
}

TEST(EndlessEpoch, HasNoKnownEndAndGoesOnWhereItWasStopped) {
    Bench bench(endless_case());
    StopAfter first(8);
    EXPECT_EQ(bench.run({&first}).reason, StopReason::listener);
    EXPECT_EQ(bench.heard.total_steps, 0);  // not known
    EXPECT_EQ(bench.state.step, 8);
    EXPECT_EQ(bench.state.batch_in_epoch, 8);
    StopAfter second(20);
    EXPECT_EQ(bench.run({&second}).reason, StopReason::listener);
    Bench straight(endless_case());
    StopAfter at_once(20);
    straight.run({&at_once});
    EXPECT_EQ(bench.weights(), straight.weights());
    EXPECT_EQ(bench.losses(), straight.losses());
    EXPECT_DOUBLE_EQ(bench.state.work, straight.state.work + 1);  // the look where it was stopped
}

TEST(EndlessEpoch, RefusesWhatGoesByALength) {
    const auto refused = [](const Case& given, const char* what) {
        try {
            Bench bench(given);
            ADD_FAILURE() << what;
        } catch (const RequestError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(what));
        }
    };
    Case given = endless_case();
    given.schedule = "linear";
    refused(given, "the length of the run is not known; expected the setting 'steps'");
    given.schedule = "sgdr";
    refused(given, "the updates of an epoch are not known; expected the setting 'unit=steps'");
    given = endless_case();
    given.options.stopping = {.kind = Stopping::Kind::early};
    refused(given, "--stop goes by epochs");
    given = endless_case();
    given.options.annealing.shape = Annealing::Shape::linear;
    given.options.averaging = {.kind = Averaging::Kind::polyak, .start = 0.5};
    refused(given, "--anneal goes by shares of the run");
    given.options.annealing = {};
    refused(given, "--average: start goes by shares of the run");
    // Where steps end the run its length is known, and so are shares of it.
    given.options.max_steps = 10;
    given.schedule = "linear";
    Bench bench(given);
    EXPECT_EQ(bench.run().reason, StopReason::max_steps);
    EXPECT_NEAR(bench.heard.updates.back().learning_rate, 0.01 * 0.01, 1e-16);
}

}  // namespace
}  // namespace ravine
