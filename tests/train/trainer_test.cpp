#include "ravine/train/training/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ravine/core/threads/interrupt.hpp"
#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr CompileOptions in_double{Precision::f64, 1};

Case tanh_case() {
    return {.model = "mlp:hidden=5,activation=tanh",
            .options = {.epochs = 1, .batch = 32, .seed = 1, .compile = in_double}};
}
constexpr TanhNet tanh_net{5, 3};

/// The examples of each batch of an epoch.
std::vector<std::vector<int64_t>> batches_of(const Bench& bench, int64_t epoch) {
    std::vector<int64_t> order(static_cast<size_t>(bench.parts.training.size()));
    epoch_order(bench.given.options.sampling, bench.given.options.seed, epoch, order);
    std::vector<std::vector<int64_t>> result;
    for (int64_t begin = 0; begin < std::ssize(order); begin += bench.given.options.batch)
        result.emplace_back(order.begin() + begin,
                            order.begin() + std::min(std::ssize(order), begin + bench.given.options.batch));
    return result;
}

// --- Numbers by hand
// -----------------------------------------------------------------------------------------

TEST(Trainer, LossGradientAndUpdatesAreThoseWorkedOutByHand) {
    Case given = tanh_case();
    given.optimizer = "sgd:learning_rate=0.5";
    given.schedule = "linear:end=0.1";
    given.clip = "norm:limit=0.3";
    given.l2 = 0.02;
    given.weight_decay = 0.05;
    given.options.max_steps = 4;
    Bench bench(given);
    Numbers w = bench.weights(), gradient;
    ASSERT_EQ(w.size(), tanh_net.size());
    const auto is_weight = [](size_t i) { return i < 10 || (i >= 15 && i < 30); };
    bench.run();
    ASSERT_EQ(bench.heard.updates.size(), 4U);
    bool clipped = false;
    for (size_t k = 0; k < 4; ++k) {
        double loss = tanh_net.loss(w, bench.parts, bench.parts.training, batches_of(bench, 0)[k], gradient);
        for (size_t i = 0; i < w.size(); ++i) {
            if (!is_weight(i)) continue;
            loss += 0.02 * w[i] * w[i];
            gradient[i] += 2 * 0.02 * w[i];
        }
        const double rate = 0.5 * (1 - 0.9 * static_cast<double>(k) / 3), length = norm(gradient);
        const StepEvent& event = bench.heard.updates[k];
        EXPECT_NEAR(event.train_loss, loss, 1e-12);
        EXPECT_NEAR(event.gradient_norm, length, 1e-12);
        EXPECT_NEAR(event.learning_rate, rate, 1e-12);
        clipped |= length > 0.3;
        for (size_t i = 0; i < w.size(); ++i)
            w[i] -= rate * (gradient[i] * std::min(1.0, 0.3 / length) + (is_weight(i) ? 0.05 * w[i] : 0));
    }
    EXPECT_TRUE(clipped);
    EXPECT_THAT(bench.weights(), near(w));
}

// The weights stay, so that the loss of every batch can be had by hand: whatever the sampler and the batch,
// each batch holds the examples that it should, the short last one too.
TEST(Trainer, EveryBatchHoldsTheExamplesOfTheSampler) {
    for (const auto& [name, sampling] : sampling_names()) {
        for (const int64_t batch : {1, 7, 32, 60, 180, 1000}) {
            SCOPED_TRACE(name + " " + std::to_string(batch));
            Case given = tanh_case();
            given.options.sampling = sampling;
            given.options.epochs = 2;
            given.options.batch = batch;
            Bench bench(given, parts_of(given), std::make_unique<Watcher>());
            ASSERT_EQ(bench.parts.training.size(), 180);
            bench.run();
            Numbers expected, gradient;
            for (const int64_t epoch : {0, 1})
                for (const auto& examples : batches_of(bench, epoch))
                    expected.push_back(tanh_net.loss(bench.weights(), bench.parts, bench.parts.training,
                                                     examples, gradient));
            EXPECT_THAT(bench.losses(), near(expected));
        }
    }
}

TEST(Trainer, EvaluatesAfterEachEpochAndSaysTheMeanOfItsExamples) {
    Bench bench(tanh_case());
    bench.given.options.epochs = 3;
    Trainer trainer(bench.network, bench.parts, bench.parameters, bench.buffers, *bench.optimizer,
                    bench.given.options);
    std::vector<Numbers> weights;
    AfterUpdate copy([&](const StepEvent&) { weights.push_back(bench.weights()); });
    const TrainOutcome outcome = trainer.run(bench.state, {&copy, &bench.heard});
    const auto& evaluations = bench.heard.evaluations;
    ASSERT_EQ(evaluations.size(), 3U);  // of 6 updates each
    const Dataset& validation = bench.parts.validation;
    std::vector<int64_t> all(static_cast<size_t>(validation.size()));
    std::iota(all.begin(), all.end(), 0);
    double best = std::numeric_limits<double>::infinity();
    int64_t best_epoch = 0;
    for (size_t e = 0; e < 3; ++e) {
        EXPECT_EQ(evaluations[e].step, static_cast<int64_t>(6 * (e + 1)));
        EXPECT_EQ(evaluations[e].epoch, static_cast<int64_t>(e + 1));
        double mean = 0;
        for (size_t k = 6 * e; k < 6 * (e + 1); ++k)  // of 32 examples each, the last of 20
            mean += bench.heard.updates[k].train_loss * (k % 6 < 5 ? 32 : 20) / 180;
        EXPECT_NEAR(evaluations[e].train_loss, mean, 1e-12);
        const Numbers& w = weights[6 * (e + 1) - 1];
        Numbers ignored, h;
        EXPECT_NEAR(evaluations[e].validation.loss, tanh_net.loss(w, bench.parts, validation, all, ignored),
                    1e-12);
        double right = 0;
        for (const int64_t i : all) {
            const auto& normal = bench.parts.schema.normalization;
            const Numbers z = tanh_net.logits(
                w, {normal.apply(validation.feature(i, 0), 0), normal.apply(validation.feature(i, 1), 1)}, h);
            right += std::ranges::max_element(z) - z.begin() == validation.labels[static_cast<size_t>(i)];
        }
        EXPECT_EQ(evaluations[e].validation.accuracy, right / static_cast<double>(all.size()));
        if (evaluations[e].validation.loss < best) {
            best = evaluations[e].validation.loss;
            best_epoch = static_cast<int64_t>(e + 1);
        }
    }
    EXPECT_EQ(outcome.train_loss, evaluations[2].train_loss);
    EXPECT_EQ(outcome.validation.loss, evaluations[2].validation.loss);
    EXPECT_EQ(bench.state.best_epoch, best_epoch);
    EXPECT_EQ(bench.state.best_validation_loss, best);
}

// The weights all but stay, so that the epoch's loss is the mean over the 129 examples: 1.384. A mean over
// the batches of 128 and 1 said 1.890.
TEST(Trainer, AShortLastBatchCountsByItsExamples) {
    Case given;
    given.dataset = "spiral:examples=215";
    given.model = "mlp";
    given.optimizer = "adam:learning_rate=1e-12";
    given.options = {
        .epochs = 1, .batch = 128, .seed = 0, .evaluate = TrainOptions::Evaluate::validation_and_training};
    Bench bench(given);
    ASSERT_EQ(bench.parts.training.size(), 129);
    const TrainOutcome outcome = bench.run();
    const EvaluationEvent& event = bench.heard.evaluations.at(0);
    EXPECT_NEAR(event.train_loss, 1.384, 5e-4);
    EXPECT_NEAR(event.train_loss, event.training.loss, 1e-6);
    EXPECT_EQ(outcome.train_loss, event.train_loss);
    EXPECT_EQ(bench.state.train_loss, event.train_loss);
    const auto& updates = bench.heard.updates;
    EXPECT_GT((updates[0].train_loss + updates[1].train_loss) / 2, 1.8);
}

TEST(Trainer, BestEpochIsTheOneOfTheSmallestValidationLoss) {
    Case given;
    given.optimizer = "sgd:learning_rate=3";  // jumps about
    given.options.epochs = 8;
    Bench bench(given);
    bench.run();
    const auto best = std::ranges::min_element(bench.heard.evaluations, {},
                                               [](const auto& e) { return e.validation.loss; });
    EXPECT_NE(best->epoch, 8);
    EXPECT_EQ(bench.state.best_epoch, best->epoch);
    EXPECT_EQ(bench.state.best_validation_loss, best->validation.loss);
    EXPECT_EQ(bench.state.best_validation_accuracy, best->validation.accuracy);
}

// --- Reproducibility
// -----------------------------------------------------------------------------------------

TEST(Trainer, SameSeedSameBits) {
    Case given;
    given.model = "mlp:hidden=8,dropout=0.3,normalization=batch";
    Bench a(given), b(given);
    a.run();
    b.run();
    EXPECT_EQ(a.weights(), b.weights());
    EXPECT_EQ(a.buffers.to_doubles(), b.buffers.to_doubles());
    EXPECT_EQ(a.losses(), b.losses());
}

TEST(Trainer, TheSeedDecidesOrderAndDropoutToo) {
    // Same data and initial weights; only the trainer's seed differs.
    const auto weights = [](const std::string& model, uint64_t seed) {
        Case given;
        given.model = model;
        Bench bench(given);
        if (seed == 0) given.options.sampling = Sampling::sequential;
        given.options.seed = seed;
        Trainer trainer(bench.network, bench.parts, bench.parameters, bench.buffers, *bench.optimizer,
                        given.options);
        trainer.run(bench.state, {});
        return bench.weights();
    };
    EXPECT_NE(weights("mlp:hidden=8", 1), weights("mlp:hidden=8", 2));
    EXPECT_NE(weights("mlp:hidden=8,dropout=0.5", 1), weights("mlp:hidden=8", 1));

    Case given;
    given.model = "mlp:hidden=8,dropout=0.5";
    given.options = {.epochs = 1, .batch = 180, .sampling = Sampling::sequential};
    const auto loss = [&](uint64_t seed) {
        given.options.seed = 1;
        Bench bench(given, parts_of(given), std::make_unique<Watcher>());
        given.options.seed = seed;
        Trainer trainer(bench.network, bench.parts, bench.parameters, bench.buffers, *bench.optimizer,
                        given.options);
        trainer.run(bench.state, {&bench.heard});
        return bench.losses().at(0);
    };
    EXPECT_NE(loss(1), loss(2));
}

TEST(Trainer, DropoutDrawsAnewInEveryUpdate) {
    Case given;
    given.model = "mlp:hidden=8,dropout=0.5";
    given.options = {.epochs = 3, .batch = 180, .sampling = Sampling::sequential};
    Bench bench(given, parts_of(given), std::make_unique<Watcher>());
    bench.run();
    const auto losses = bench.losses();
    EXPECT_NE(losses.at(0), losses.at(1));
    EXPECT_NE(losses.at(1), losses.at(2));
}

TEST(Trainer, LoggingAndEvaluationLeaveTheWeightsAlone) {
    Case given;
    given.model = "mlp:hidden=8,normalization=batch,dropout=0.2";
    Bench plain(given);
    plain.run();
    Case logged = given;
    logged.options.log_every = 1;
    Bench often(logged);
    often.run();
    EXPECT_EQ(often.weights(), plain.weights());
    Parts without = parts_of(given);
    without.validation = without.validation.subset({});
    Bench unseen(given, without);
    const TrainOutcome outcome = unseen.run();
    EXPECT_EQ(unseen.weights(), plain.weights());
    EXPECT_EQ(unseen.buffers.to_doubles(), plain.buffers.to_doubles());
    EXPECT_TRUE(std::isnan(outcome.validation.loss));
    EXPECT_EQ(unseen.state.best_epoch, 0);
}

TEST(Trainer, SingleAndDoublePrecisionAgree) {
    Case given;
    given.model = "mlp:hidden=8,activation=tanh";
    given.options.epochs = 2;
    Bench single(given);
    single.run();
    given.options.compile = in_double;
    Bench twice(given);
    twice.run();
    EXPECT_THAT(single.weights(), near(twice.weights(), 1e-3));
    EXPECT_NE(single.weights(), twice.weights());
}

TEST(Trainer, ThreadsChangeNoMoreThanRounding) {
    Case given;
    given.options.epochs = 1;
    Bench one(given);
    one.run();
    given.options.compile.threads = 2;
    Bench two(given), again(given);
    two.run();
    again.run();
    EXPECT_THAT(two.weights(), near(one.weights(), 1e-3));
    EXPECT_EQ(two.weights(), again.weights());
}

// --- Length, stops and counts
// --------------------------------------------------------------------------------

TEST(Trainer, CountsTheUpdatesOfARun) {
    EXPECT_EQ(total_steps({.epochs = 3, .batch = 32}, 64), 6);
    EXPECT_EQ(total_steps({.epochs = 3, .batch = 32}, 65), 9);
    EXPECT_EQ(total_steps({.epochs = 3, .max_steps = 7, .batch = 32}, 65), 7);
    EXPECT_EQ(total_steps({.epochs = 3, .max_steps = 10, .batch = 32}, 65), 9);
    EXPECT_EQ(total_steps({.epochs = 2, .batch = INT64_MAX}, 65), 2);
    EXPECT_EQ(total_steps({.epochs = INT64_MAX, .batch = 1}, 65), INT64_MAX);
}

TEST(Trainer, StopsAfterTheEpochsOrAfterSoManyUpdates) {
    Case given;  // 6 updates an epoch
    Bench epochs(given);
    EXPECT_EQ(epochs.run().reason, StopReason::epochs);
    EXPECT_EQ(epochs.state.step, 18);
    EXPECT_EQ(epochs.state.epoch, 3);
    EXPECT_EQ(epochs.heard.total_steps, 18);
    EXPECT_EQ(epochs.heard.stops, 1);

    given.options.max_steps = 8;
    Bench steps(given);
    const TrainOutcome outcome = steps.run();
    EXPECT_EQ(outcome.reason, StopReason::max_steps);
    EXPECT_EQ(steps.state.step, 8);
    EXPECT_EQ(steps.state.epoch, 1);
    EXPECT_EQ(steps.heard.total_steps, 8);
    ASSERT_EQ(steps.heard.evaluations.size(), 2U);  // the end of the first epoch, and the end of the run
    EXPECT_EQ(steps.heard.evaluations[1].step, 8);
    EXPECT_EQ(steps.heard.evaluations[1].epoch, 2);
    const auto& updates = steps.heard.updates;
    EXPECT_NEAR(outcome.train_loss, (updates[6].train_loss + updates[7].train_loss) / 2, 1e-12);

    given.options.max_steps = 12;
    Bench between(given);
    EXPECT_EQ(between.run().reason, StopReason::max_steps);
    EXPECT_EQ(between.heard.evaluations.size(), 2U);
    EXPECT_EQ(between.state.batch_in_epoch, 0);
}

TEST(Trainer, LogsTheFirstUpdateAndEveryNth) {
    const auto logged = [](int64_t log_every, int64_t batch) {
        Case given;
        given.options.log_every = log_every;
        given.options.batch = batch;
        given.options.epochs = 1;
        Bench bench(given);
        bench.run();
        std::vector<int64_t> steps;
        for (const auto& event : bench.heard.steps) steps.push_back(event.step);
        return steps;
    };
    EXPECT_THAT(logged(2, 32), ElementsAre(1, 2, 4, 6));
    EXPECT_THAT(logged(100, 32), ElementsAre(1));
    EXPECT_THAT(logged(0, 32), ElementsAre(1, 2, 3, 4, 5, 6));  // fewer than ten updates an epoch
    EXPECT_THAT(logged(0, 4), ElementsAre(1, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44));  // of 45
}

TEST(Trainer, CountsForwardAndBackwardPasses) {
    for (const char* optimizer : {"sgd", "nesterov:form=lookahead", "adam"}) {
        Case given;
        given.dataset = "spiral:examples=1500";  // 900, 300 and 300
        given.optimizer = optimizer;
        given.options.batch = 100;
        given.options.epochs = 2;
        Bench bench(given);
        bench.run();
        EXPECT_EQ(bench.optimizer->steps(), 18);
        EXPECT_EQ(bench.state.backward_passes, 18);
        EXPECT_EQ(bench.state.forward_passes, 18 + 2 * 2);  // 300 examples are two batches of an evaluation
        // Every batch has the same work, of which an update tells where the run stands.
        const auto& updates = bench.heard.updates;
        const double each = updates[1].work - updates[0].work;
        EXPECT_NEAR(updates[0].work, each, 1e-5);
        EXPECT_GT(each, 1.5);
        EXPECT_LT(each, 3);
        EXPECT_NEAR(updates[17].work, 18 * each + 2, 1e-4);
        EXPECT_NEAR(bench.heard.evaluations[0].work, 9 * each + 2, 1e-4);
        EXPECT_NEAR(bench.state.work, 18 * each + 4, 1e-4);
    }
}

TEST(Trainer, GoesOnWithTheSameStateAsIfItHadNotStopped) {
    Case given;
    given.model = "mlp:hidden=8,dropout=0.3,normalization=batch";
    Bench whole(given), halves(given);
    whole.run();
    const InterruptGuard guard;
    AfterUpdate stop([](const StepEvent& event) {
        if (event.step == 8) interrupt();
    });
    const TrainOutcome first = halves.run({&stop});
    EXPECT_EQ(first.reason, StopReason::interrupted);
    EXPECT_EQ(halves.state.step, 8);
    EXPECT_EQ(halves.heard.evaluations.size(), 1U);  // none for the interruption
    EXPECT_TRUE(std::isfinite(first.validation.loss));
    EXPECT_TRUE(std::isfinite(first.train_loss));
    const int64_t passes = halves.state.forward_passes;
    forget_interrupt();
    EXPECT_EQ(halves.run().reason, StopReason::epochs);
    EXPECT_EQ(halves.weights(), whole.weights());
    EXPECT_EQ(halves.buffers.to_doubles(), whole.buffers.to_doubles());
    EXPECT_EQ(halves.losses(), whole.losses());
    ASSERT_EQ(halves.heard.evaluations.size(), 3U);
    for (size_t e = 0; e < 3; ++e) {
        EXPECT_EQ(halves.heard.evaluations[e].train_loss, whole.heard.evaluations[e].train_loss);
        EXPECT_EQ(halves.heard.evaluations[e].validation.loss, whole.heard.evaluations[e].validation.loss);
    }
    EXPECT_EQ(halves.state.backward_passes, whole.state.backward_passes);
    EXPECT_EQ(halves.state.forward_passes, whole.state.forward_passes + 1);  // the interruption's look
    EXPECT_EQ(passes, 8 + 1 + 1);
    EXPECT_DOUBLE_EQ(halves.state.work, whole.state.work + 1);
}

TEST(Trainer, AFinishedRunHasNothingToGoOnWith) {
    Bench bench{Case{}};
    const TrainOutcome first = bench.run();
    const Numbers weights = bench.weights();
    const int64_t passes = bench.state.forward_passes;
    const double seconds = bench.state.seconds;
    const TrainOutcome second = bench.run();
    EXPECT_EQ(second.reason, StopReason::epochs);
    EXPECT_EQ(bench.weights(), weights);
    EXPECT_EQ(bench.heard.evaluations.size(), 3U);
    EXPECT_EQ(bench.state.forward_passes, passes);
    EXPECT_EQ(bench.state.seconds, seconds);
    EXPECT_EQ(second.train_loss, first.train_loss);
    EXPECT_EQ(second.validation.loss, first.validation.loss);
    EXPECT_EQ(bench.state.best_epoch, 3);
}

TEST(Trainer, RefusesAnEmptyTrainingPart) {
    Case given;
    Parts parts = parts_of(given);
    parts.training = parts.training.subset({});
    EXPECT_THROW(Bench(given, parts), RequestError);
}

TEST(Trainer, LearnsTheSpiral) {
    Case given;
    given.dataset = "spiral";
    given.model = "mlp";
    given.optimizer = "adam";
    given.schedule = "linear";
    given.options = {.epochs = 15, .batch = 32, .seed = 0};
    Bench bench(given);
    EXPECT_GT(bench.run().validation.accuracy, 0.97);
}

}  // namespace
}  // namespace ravine
