#include "tests/train/support.hpp"

namespace ravine::test {
namespace {

TEST(EvaluationEvent, HoldsTheScoresOfTheWholeTrainingPartWhereTheyAreAskedFor) {
    Case given;
    given.options.evaluate = TrainOptions::Evaluate::validation_and_training;
    Bench bench(given);
    bench.run();
    Evaluator evaluator(bench.network, given.options.compile);
    const Scores last =
        evaluator.evaluate(bench.parts.training, bench.parts.schema.normalization,
                           bench.parts.schema.target_normalization, bench.parameters, bench.buffers);
    ASSERT_EQ(bench.heard.evaluations.size(), 3u);
    EXPECT_EQ(bench.heard.evaluations[2].training.loss, last.loss);
    EXPECT_EQ(bench.heard.evaluations[2].training.accuracy, last.accuracy);
    EXPECT_NE(bench.heard.evaluations[1].training.loss, last.loss);

    Bench without{Case{}};
    without.run();
    EXPECT_TRUE(std::isnan(without.heard.evaluations[2].training.loss));
    EXPECT_EQ(without.weights(), bench.weights());
}

TEST(EvaluationEvent, CountsTheWorkOfUpdatesAlone) {
    Case given;
    given.options.evaluate = TrainOptions::Evaluate::validation_and_training;
    Bench bench(given);  // 180 training examples in batches of 32: 6 updates an epoch
    bench.run();
    for (int64_t epoch = 1; epoch <= 3; ++epoch) {
        const EvaluationEvent& event = bench.heard.evaluations[static_cast<size_t>(epoch - 1)];
        EXPECT_EQ(event.training_work.forward_passes, 6 * epoch);
        EXPECT_EQ(event.training_work.backward_passes, 6 * epoch);
        EXPECT_GT(event.training_seconds, 0);
        EXPECT_LT(event.training_seconds, event.seconds);
    }
    EXPECT_GT(bench.state.forward_passes, 18);  // with the evaluations

    bench.given.options.epochs = 3;
    bench.state.epoch = 2;  // another session counts for itself
    bench.heard.evaluations.clear();
    bench.run();
    EXPECT_EQ(bench.heard.evaluations.at(0).training_work.backward_passes, 6);
}

}  // namespace
}  // namespace ravine::test
