#include "ravine/train/curriculum/first_model.hpp"

#include <algorithm>
#include <numeric>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

struct Asked {
    int64_t epochs = 3;
    std::string optimizer = "adam:learning_rate=0.01";
    TrainOptions options{.epochs = 20, .batch = 32, .seed = 1};
    bool annealed = false;
    bool gated = false;
    std::vector<TrainListener*> listeners = {};
};

const Parts& parts() {
    static const Parts loaded = load_parts({.dataset = "spiral:examples=500", .seed = 1});
    return loaded;
}

FirstModel first_model(const Asked& asked) {
    TrainingOptions options{.optimizer = optimizers().make(Spec::parse(asked.optimizer)),
                            .network = {.model = Spec::parse("mlp:hidden=8"), .loss = Spec::parse("kl")},
                            .train = asked.options};
    if (asked.gated) options.train.gate = {.by = Gate::By::batch};
    if (asked.annealed) options.train.annealing = {.shape = Annealing::Shape::linear};
    return train_first_model(std::move(options), parts(), asked.epochs, asked.listeners);
}

double mean(const Numbers& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(ExampleLosses, AreThoseOfEachExampleAlone) {
    const Bench bench{Case{.dataset = "spiral:examples=500"}};
    Evaluator evaluator(bench.network, {});
    const Schema& schema = bench.parts.schema;
    const auto losses = [&](const Dataset& data) {
        return evaluator.losses(data, schema.normalization, schema.target_normalization, bench.parameters,
                                bench.buffers);
    };
    const Dataset& data = bench.parts.training;  // more than one batch of an evaluation
    const Numbers all = losses(data);
    ASSERT_EQ(std::ssize(all), data.size());
    EXPECT_NEAR(mean(all),
                evaluator
                    .evaluate(data, schema.normalization, schema.target_normalization, bench.parameters,
                              bench.buffers)
                    .loss,
                1e-12);
    for (const int64_t i : {int64_t{0}, int64_t{7}, data.size() - 1})
        EXPECT_NEAR(losses(data.subset({&i, 1})).at(0), all[static_cast<size_t>(i)], 1e-6);
    EXPECT_TRUE(losses(data.subset({})).empty());
}

TEST(FirstModel, TellsTheLossOfEveryTrainingExample) {
    const FirstModel model = first_model({});
    ASSERT_EQ(std::ssize(model.losses), 300);
    EXPECT_TRUE(std::ranges::all_of(model.losses, [](double loss) { return loss > 0; }));
    EXPECT_EQ(model.failure, "");
    EXPECT_LT(mean(first_model({.epochs = 60}).losses), 0.8 * mean(model.losses));  // of a model that learns
}

TEST(FirstModel, CountsItsWork) {
    const FirstModel model = first_model({});
    EXPECT_EQ(model.work.backward_passes, 3 * 10);     // 300 examples, 32 a batch
    EXPECT_EQ(model.work.forward_passes, 3 * 10 + 2);  // and the losses, 256 a batch
    EXPECT_GT(model.work.equivalents, 1.5 * 3 * 10 + 2);
    EXPECT_LT(model.work.equivalents, 3 * 3 * 10 + 2);
    EXPECT_GT(model.seconds, 0);
}

TEST(FirstModel, IsTheSameForTheSameSeedAndAnotherForAnother) {
    EXPECT_EQ(first_model({}).losses, first_model({}).losses);
    EXPECT_NE(first_model({}).losses, first_model({.options = {.batch = 32, .seed = 2}}).losses);
}

TEST(FirstModel, HasAnotherSeedThanTheRun) {
    Case given{.dataset = "spiral:examples=500", .loss = "kl"};
    Bench bench(given);
    bench.run();
    Evaluator evaluator(bench.network, {});
    const Schema& schema = bench.parts.schema;
    EXPECT_NE(first_model({}).losses,
              evaluator.losses(bench.parts.training, schema.normalization, schema.target_normalization,
                               bench.parameters, bench.buffers));
}

TEST(FirstModel, LearnsFromPlainDataByThePlainLoss) {
    const Numbers plain = first_model({}).losses;
    TrainOptions options{.epochs = 20, .batch = 32, .seed = 1};
    options.annealing = annealings().make(Spec::parse("temperature"));
    options.gate = gates().make(Spec::parse("equilibrium"));
    options.augmentation = make_augmentation("noise");
    EXPECT_EQ(first_model({.options = options, .annealed = true, .gated = true}).losses, plain);
}

TEST(FirstModel, ThatDivergesSaysSo) {
    const FirstModel model = first_model({.optimizer = "sgd:learning_rate=1e38"});
    EXPECT_TRUE(model.losses.empty());
    EXPECT_THAT(model.failure, testing::HasSubstr("step "));
}

TEST(FirstModel, TellsTheListenersOfTheRunHowFarItIs) {
    struct : TrainListener {
        void on_first_model_progress(const StepEvent& event, int64_t total_steps) override {
            steps.push_back(event.step);
            total = total_steps;
        }
        void on_progress(const StepEvent&, int64_t) override { ADD_FAILURE() << "an update of the run"; }
        std::vector<int64_t> steps;
        int64_t total = 0;
    } listener;
    first_model({.epochs = 2, .listeners = {&listener}});
    ASSERT_GT(listener.total, 2);
    ASSERT_EQ(std::ssize(listener.steps), listener.total);
    EXPECT_EQ(listener.steps.front(), 1);
    EXPECT_EQ(listener.steps.back(), listener.total);
}

TEST(FirstModel, StopsWithTheRun) {
    struct : TrainListener {
        bool wants_to_stop() const override { return true; }
    } stop;
    const FirstModel model = first_model({.listeners = {&stop}});
    EXPECT_TRUE(model.losses.empty());
    EXPECT_EQ(model.failure, "");
    EXPECT_EQ(model.work.backward_passes, 0);
}

}  // namespace
}  // namespace ravine
