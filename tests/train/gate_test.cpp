#include "ravine/train/training/gate.hpp"

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::Each;
using testing::ElementsAre;
using testing::Field;

constexpr TanhNet gated_net{5, 3};

Case gated_case() {
    return {.model = "mlp:hidden=5,activation=tanh",
            .loss = "kl",
            .options = {.epochs = 4, .batch = 32, .seed = 1, .compile = {Precision::f64, 1}}};
}

/// t = 0.4, 0.7, 1 from the uniform distribution, an epoch each.
TargetPlan three_stages() {
    return {.settings = {.start = TargetStart::uniform, .initial = 0.4, .increment = 0.3},
            .start = {1.0 / 3, 1.0 / 3, 1.0 / 3},
            .stages = {0.4, 0.7, 1},
            .distances = {0.1, 0.2, 0.3}};
}

constexpr Gate closes_below(double epsilon) { return {.by = Gate::By::batch, .epsilon = epsilon}; }

/// The examples of each batch of an epoch.
std::vector<std::vector<int64_t>> gated_batches_of(const Bench& bench, int64_t epoch) {
    std::vector<int64_t> order(static_cast<size_t>(bench.parts.training.size()));
    epoch_order(Sampling::shuffled, bench.given.options.seed, epoch, order);
    std::vector<std::vector<int64_t>> result;
    for (int64_t begin = 0; begin < std::ssize(order); begin += 32)
        result.emplace_back(order.begin() + begin, order.begin() + std::min(std::ssize(order), begin + 32));
    return result;
}

/// The loss kl of the tanh net on y(t), and its gradient: cross-entropy is linear in the targets, so it is
/// that of the labels and those of all examples in class 0, 1 and 2.
double evolved_loss(const Numbers& w, const Bench& bench, const std::vector<int64_t>& examples, double t,
                    Numbers& gradient) {
    double loss = t * gated_net.loss(w, bench.parts, bench.parts.training, examples, gradient);
    for (auto& g : gradient) g *= t;
    Dataset relabelled = bench.parts.training;
    for (int32_t c = 0; c < 3; ++c) {
        std::ranges::fill(relabelled.labels, c);
        Numbers part;
        loss += (1 - t) / 3 * gated_net.loss(w, bench.parts, relabelled, examples, part);
        for (size_t i = 0; i < part.size(); ++i) gradient[i] += (1 - t) / 3 * part[i];
    }
    const double high = t + (1 - t) / 3, low = (1 - t) / 3;
    return loss + high * std::log(high) + (low > 0 ? 2 * low * std::log(low) : 0);
}

// Rate and targets change, batches are gated and not; four tensors of parameters.
TEST(Gate, ATrajectoryWorkedOutByHand) {
    Case given = gated_case();
    given.optimizer = "momentum:learning_rate=0.2,momentum=0.5";
    given.schedule = "linear:end=0.1";
    given.options.targets = three_stages();
    given.options.gate = closes_below(0.35);
    Bench bench(given);
    Numbers w = bench.weights(), velocity(w.size(), 0), gradient;
    bench.run();
    ASSERT_EQ(bench.heard.updates.size(), 24U);
    int64_t updates = 0;
    for (int64_t k = 0; k < 24; ++k) {
        const double t = three_stages().stages[static_cast<size_t>(std::min<int64_t>(k / 6, 2))];
        const double loss =
            evolved_loss(w, bench, gated_batches_of(bench, k / 6)[static_cast<size_t>(k % 6)], t, gradient);
        const StepEvent& event = bench.heard.updates[static_cast<size_t>(k)];
        EXPECT_NEAR(event.train_loss, loss, 1e-12);
        ASSERT_EQ(event.outcome == BatchOutcome::gated, loss <= 0.35) << k;
        if (event.outcome == BatchOutcome::gated) continue;
        const double rate = 0.2 * (1 - 0.9 * static_cast<double>(updates++) / 23);
        EXPECT_NEAR(event.learning_rate, rate, 1e-12);
        for (size_t i = 0; i < w.size(); ++i) {
            velocity[i] = 0.5 * velocity[i] - rate * gradient[i];
            w[i] += velocity[i];
        }
    }
    EXPECT_THAT(bench.weights(), near(w));
    EXPECT_GT(updates, 3);
    EXPECT_LT(updates, 21);
    EXPECT_EQ(bench.optimizer->steps(), updates);
    EXPECT_EQ(bench.state.gated, 24 - updates);
    ASSERT_EQ(bench.state.targets.records.size(), 3U);
    EXPECT_EQ(bench.state.targets.records[2].epochs, 2);
    EXPECT_EQ(bench.state.targets.records[2].batches, 12);
    EXPECT_EQ(bench.state.targets.records[0].entry_loss, bench.heard.updates[0].train_loss);
    EXPECT_NEAR(bench.state.targets.records[1].exit_loss, bench.heard.evaluations[1].train_loss, 1e-12);
}

TEST(Gate, AGatedBatchMovesNothing) {
    for (const char* optimizer : {"adam", "nesterov:form=lookahead", "rmsprop-nesterov"}) {
        Case given{
            .model = "mlp:hidden=8,normalization=batch,dropout=0.3", .loss = "kl", .optimizer = optimizer};
        given.options = {.epochs = 2, .batch = 32, .gate = closes_below(0)};
        given.options.max_steps = 3;
        Bench bench(given);
        bench.run();
        ASSERT_EQ(bench.optimizer->steps(), 3);
        const Numbers weights = bench.weights(), buffers = bench.buffers.to_doubles();
        std::vector<Numbers> states;
        for (const auto& state : bench.optimizer->state().tensors)
            states.push_back(state.values->to_doubles());

        given.options.max_steps = 0;
        given.options.gate = closes_below(1e9);
        Trainer closed(bench.network, bench.parts, bench.parameters, bench.buffers, *bench.optimizer,
                       given.options);
        EXPECT_EQ(closed.run(bench.state, {&bench.heard}).reason, StopReason::epochs);
        EXPECT_EQ(bench.state.step, 12);
        EXPECT_EQ(bench.state.gated, 9);
        EXPECT_EQ(bench.optimizer->steps(), 3);
        EXPECT_EQ(bench.weights(), weights);
        EXPECT_EQ(bench.buffers.to_doubles(), buffers);
        size_t i = 0;
        for (const auto& state : bench.optimizer->state().tensors)
            EXPECT_EQ(state.values->to_doubles(), states[i++]) << state.name;
        const Work& work = bench.heard.evaluations.back().training_work;
        EXPECT_EQ(work.forward_passes, 9);
        EXPECT_EQ(work.backward_passes, 0);
    }
}

// Whatever the rule evaluates its gradient at, an open gate costs no second forward pass and changes no bit.
TEST(Gate, AnOpenGateChangesNothing) {
    for (const char* optimizer : {"sgd", "adam", "nesterov", "nesterov:form=lookahead", "nadam"}) {
        Case given = gated_case();
        given.optimizer = optimizer;
        given.model = "mlp:hidden=8,dropout=0.2";
        Bench without(given);
        without.run();
        given.options.gate = closes_below(0);
        Bench with(given);
        with.run();
        EXPECT_EQ(with.weights(), without.weights()) << optimizer;
        EXPECT_EQ(with.losses(), without.losses()) << optimizer;
        EXPECT_EQ(with.state.forward_passes, without.state.forward_passes) << optimizer;
        EXPECT_EQ(with.state.backward_passes, without.state.backward_passes) << optimizer;
        EXPECT_EQ(with.state.gated, 0);
    }
}

TEST(Gate, PenaltiesOnWeightsDoNotCount) {
    Case given = gated_case();
    given.l2 = 10;
    given.options.epochs = 1;
    given.options.gate = closes_below(1.5);
    Bench bench(given);
    bench.run();
    EXPECT_THAT(bench.heard.updates, Each(Field(&StepEvent::train_loss, testing::Gt(1.5))));
    EXPECT_GT(bench.state.gated, 0);
}

TEST(Gate, ByEpochDecidesForTheWholeNextOne) {
    Case given = gated_case();
    given.options.targets = three_stages();
    given.options.targets.epochs_per_stage = 2;
    given.options.epochs = 7;
    given.options.gate = {.by = Gate::By::epoch, .epsilon = 10};
    Bench bench(given);
    bench.run();
    std::vector<int64_t> gated;
    for (const auto& event : bench.heard.evaluations) gated.push_back(event.gated);
    // The first epoch on new targets is always trained on: there is no loss of theirs yet.
    EXPECT_THAT(gated, ElementsAre(0, 6, 0, 6, 0, 6, 6));
}

// 180 examples in batches of 179 and 1: what decides is the mean over the examples, penalties left out.
TEST(Gate, ByEpochWeighsByExamples) {
    Case given = gated_case();
    given.l2 = 0.1;
    given.options.batch = 179;
    given.options.epochs = 2;
    double mean = 0, of_batches = 0;
    {
        Bench bench(given, parts_of(given), std::make_unique<Watcher>());
        std::vector<int64_t> order(180);
        epoch_order(Sampling::shuffled, 1, 0, order);
        Numbers ignored;
        for (const int64_t i : order)
            mean += gated_net.loss(bench.weights(), bench.parts, bench.parts.training, {i}, ignored) / 180;
        const double last =
            gated_net.loss(bench.weights(), bench.parts, bench.parts.training, {order.back()}, ignored);
        of_batches = ((180 * mean - last) / 179 + last) / 2;
    }
    ASSERT_GT(std::abs(mean - of_batches), 1e-4);
    for (const double share : {0.25, 0.75}) {
        given.options.gate = {.by = Gate::By::epoch, .epsilon = mean + share * (of_batches - mean)};
        Bench bench(given, parts_of(given), std::make_unique<Watcher>());
        bench.run();
        EXPECT_EQ(bench.heard.evaluations[1].gated, mean < of_batches ? 2 : 0) << share;
    }
}

TEST(Gate, EquilibriumMovesTargetsOn) {
    Case given = gated_case();
    given.options.targets = three_stages();
    given.options.targets.settings.advance = TargetEvolution::Advance::equilibrium;
    given.options.targets.epochs_per_stage = 3;
    given.options.epochs = 8;
    given.options.gate = closes_below(1e9);
    Bench bench(given);
    bench.run();
    std::vector<double> t;
    for (const auto& event : bench.heard.evaluations) t.push_back(event.t);
    EXPECT_THAT(t, ElementsAre(0.4, 0.7, 1, 1, 1, 1, 1, 1));
}

TEST(Gate, ThresholdsMayBeSharesOfWhatAStageAsksFor) {
    EXPECT_THAT(gate_thresholds(gates().make(Spec::parse("equilibrium:epsilon=auto")), three_stages()),
                near({0.001, 0.002, 0.003}));
    EXPECT_THAT(gate_thresholds(gates().make(Spec::parse("equilibrium")), three_stages()),
                near({1e-5, 1e-5, 1e-5}));
}

TEST(Gate, ALossWhoseMinimumIsNotZeroIsRefused) {
    for (const char* loss : {"cross-entropy", "logistic", "hinge", "gaussian"}) {
        Case given = gated_case();
        given.loss = loss;
        given.options.gate = closes_below(1e-5);
        EXPECT_THROW(Bench{given}, RequestError) << loss;
    }
    for (const char* loss : {"", "kl", "binary-kl", "squared-error", "squared-error:on=probabilities"}) {
        Case given = gated_case();
        given.loss = loss;
        given.options.gate = closes_below(1e-5);
        EXPECT_NO_THROW(Bench{given}) << loss;
    }
}

}  // namespace
}  // namespace ravine
