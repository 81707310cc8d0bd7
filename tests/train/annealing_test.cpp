#include "ravine/train/training/annealing.hpp"

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::HasSubstr;

Annealing annealing_of(const std::string& text) { return annealings().make(Spec::parse(text)); }

Numbers trajectory(const std::string& text, int64_t total) {
    Numbers result;
    for (int64_t step = 0; step < total; ++step)
        result.push_back(annealing_of(text).temperature(step, total));
    return result;
}

Case annealed(const std::string& text) {
    Case given{.loss = "cross-entropy"};
    given.options.annealing = annealing_of(text);
    return given;
}

TEST(Annealing, GoesFromStartToEndAndStays) {
    EXPECT_EQ(trajectory("temperature", 9), (Numbers{5, 4, 3, 2, 1, 1, 1, 1, 1}));
    EXPECT_EQ(trajectory("temperature:start=1,end=3,share=1", 5), (Numbers{1, 1.5, 2, 2.5, 3}));
    EXPECT_THAT(trajectory("temperature:start=16,end=1,share=1,shape=exponential", 5),
                near({16, 8, 4, 2, 1}));
    EXPECT_EQ(trajectory("temperature:start=3,shape=exponential", 7).front(), 3);
    EXPECT_EQ(trajectory("temperature:start=3,end=0.7,shape=exponential", 7).back(), 0.7);
    EXPECT_EQ(trajectory("temperature", 1), (Numbers{1}));
    EXPECT_EQ(trajectory("none", 3), (Numbers{1, 1, 1}));
}

TEST(Annealing, RefusesWhatIsOutOfRange) {
    for (const char* text : {"temperature:start=0", "temperature:end=-1", "temperature:share=0",
                             "temperature:share=1.1", "temperature:shape=cosine", "temperature:start=nan"})
        EXPECT_THROW(annealing_of(text), RequestError) << text;
}

TEST(Annealing, AtTemperatureOneIsPlainTrainingToTheLastBit) {
    for (const char* model : {"mlp:hidden=8", "mlp:hidden=8,normalization=batch,dropout=0.3"}) {
        for (const auto precision : {Precision::f32, Precision::f64}) {
            Case plain = annealed("none"), one = annealed("temperature:start=1,end=1");
            plain.model = one.model = model;
            plain.options.compile.precision = one.options.compile.precision = precision;
            Bench a(plain), b(one);
            a.run();
            b.run();
            EXPECT_EQ(a.losses(), b.losses());
            EXPECT_EQ(a.weights(), b.weights());
        }
    }
}

// Without weights, the logits are the biases of the outputs: log 2, 0 and 0, so the loss of class 0 is
// log(2^(1/T) + 2) - log(2) / T, and that of the others log(2^(1/T) + 2).
TEST(Annealing, EveryBatchSeesItsTemperature) {
    Case given = annealed("temperature:start=5,share=0.5");
    given.model = "mlp:hidden=4";
    given.options.epochs = 9;
    given.options.batch = 10000;  // all in one
    Bench bench(given, parts_of(given), std::make_unique<Watcher>());
    bench.parameters.write()->fill(0);
    bench.parameters.write()->set(bench.parameters.values().size() - 3, std::log(2));
    bench.run();
    double share = 0;
    for (const auto label : bench.parts.training.labels) share += label == 0;
    share /= static_cast<double>(bench.parts.training.size());
    const Numbers losses = bench.losses(), temperatures{5, 4, 3, 2, 1, 1, 1, 1, 1};
    ASSERT_EQ(losses.size(), temperatures.size());
    for (size_t i = 0; i < losses.size(); ++i) {
        const double t = temperatures[i];
        EXPECT_NEAR(losses[i], std::log(std::pow(2, 1 / t) + 2) - share * std::log(2) / t, 1e-6);
    }
    for (const auto& event : bench.heard.evaluations)
        EXPECT_EQ(event.validation.loss, bench.heard.evaluations.back().validation.loss);
}

// A temperature is a factor 1/T of the last layer, which its gradient gets once more.
TEST(Annealing, ATrajectoryWorkedOutByHand) {
    constexpr TanhNet net{5, 3};
    Case given = annealed("temperature:start=4,end=0.5");
    given.model = "mlp:hidden=5,activation=tanh";
    given.optimizer = "sgd:learning_rate=0.5";
    given.options.compile = {Precision::f64, 1};
    Bench bench(given);  // 18 batches, of which 8.5 have a temperature above 0.5
    Numbers w = bench.weights(), gradient;
    ASSERT_EQ(w.size(), net.size());
    bench.run();
    ASSERT_EQ(bench.heard.updates.size(), 18U);
    std::vector<int64_t> order(static_cast<size_t>(bench.parts.training.size()));
    for (int64_t k = 0; k < 18; ++k) {
        const double t = k > 8 ? 0.5 : 4 - 3.5 * static_cast<double>(k) / 8.5;
        epoch_order(Sampling::shuffled, 1, k / 6, order);
        const int64_t begin = k % 6 * 32, end = std::min(std::ssize(order), begin + 32);
        Numbers scaled = w;
        for (size_t i = 15; i < w.size(); ++i) scaled[i] /= t;
        const double loss = net.loss(scaled, bench.parts, bench.parts.training,
                                     {order.begin() + begin, order.begin() + end}, gradient);
        EXPECT_NEAR(bench.losses()[static_cast<size_t>(k)], loss, 1e-12);
        for (size_t i = 0; i < w.size(); ++i) w[i] -= 0.5 * gradient[i] / (i < 15 ? 1 : t);
    }
    EXPECT_THAT(bench.weights(), near(w));
}

// The same trick for three views of an example and the divergence between them.
TEST(Annealing, DividesTheViewsOfAConsistencyLossToo) {
    Case hot = annealed("temperature:start=3,end=3"), plain = annealed("none");
    for (Case* given : {&hot, &plain}) {
        given->model = "linear";
        given->options.compile = {Precision::f64, 1};
        given->options.augmentation = make_augmentation("augmix:weight=12");
    }
    Bench a(hot, image_parts(), std::make_unique<Watcher>());
    Bench b(plain, image_parts(), std::make_unique<Watcher>());
    for (int64_t i = 0; i < b.parameters.values().size(); ++i)
        b.parameters.write()->set(i, b.parameters.values().at(i) / 3);
    a.run();
    b.run();
    EXPECT_THAT(a.losses(), near(b.losses()));
}

TEST(Annealing, GoesOnWhereItStopped) {
    Bench whole(annealed("temperature")), halves(annealed("temperature"));
    whole.run();
    StopAfter stop(8);
    halves.run({&stop});
    ASSERT_EQ(halves.state.step, 8);
    halves.run();
    EXPECT_EQ(halves.weights(), whole.weights());
}

TEST(Annealing, ChangesWhatIsLearned) {
    Bench plain(annealed("none")), hot(annealed("temperature"));
    plain.run();
    hot.run();
    EXPECT_NE(plain.weights(), hot.weights());
}

TEST(Annealing, DivergenceIsFoundWithATemperature) {
    Case given = annealed("temperature");
    given.optimizer = "sgd:learning_rate=1e38";
    Bench bench(given);
    const TrainOutcome outcome = bench.run();
    EXPECT_EQ(outcome.reason, StopReason::diverged);
    EXPECT_THAT(outcome.failure, HasSubstr("step "));
}

}  // namespace
}  // namespace ravine
