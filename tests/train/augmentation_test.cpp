#include <numeric>

#include "ravine/core/threads/threads.hpp"
#include "ravine/data/batch.hpp"
#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

class LoaderTest : public testing::Test {
protected:
    BatchLoader loader(const std::string& chain, int64_t largest, Precision precision = Precision::f32,
                       int threads = 1) const {
        return {data, features, targets, largest, precision, make_augmentation(chain), 7, threads};
    }
    Numbers row(const BatchLoader& loader, int64_t index) const {
        Numbers result;
        for (int64_t k = 0; k < 432; ++k) result.push_back(loader.features().at(index * 432 + k));
        for (int64_t k = 0; k < 3; ++k) result.push_back(loader.targets().at(index % 30 * 3 + k));
        return result;
    }

    Dataset data = random_images(200, 1);
    Normalization features = Normalization::fit(data), targets = Normalization::identity(3);
};

TEST_F(LoaderTest, WithoutEffectTheFeaturesAreThoseOfAPlainLoader) {
    const std::vector<int64_t> examples{5, 0, 9};
    for (const auto precision : {Precision::f32, Precision::f64}) {
        BatchLoader plain = loader("none", 3, precision),
                    augmented = loader("flip:probability=0", 3, precision);
        plain.load(examples, 1);
        augmented.load(examples, 1);
        EXPECT_THAT(augmented.features().to_doubles(), near(plain.features().to_doubles(), 2e-6));
        EXPECT_EQ(augmented.targets().to_doubles(), plain.targets().to_doubles());
    }
}

TEST_F(LoaderTest, AnExampleIsTheSameAtEveryPlaceOfEveryBatch) {
    BatchLoader one = loader("crop+flip+mixup+noise", 30), other = loader("crop+flip+mixup+noise", 4);
    const std::vector<int64_t> few{3, 150, 8, 3}, more{8, 77, 3, 0, 150, 1};
    one.load(more, 12);
    other.load(few, 12);
    EXPECT_EQ(row(one, 0), row(other, 2));
    EXPECT_EQ(row(one, 2), row(other, 0));
    EXPECT_EQ(row(one, 2), row(other, 3));
    EXPECT_EQ(row(one, 4), row(other, 1));
    other.load(few, 13);
    EXPECT_NE(row(one, 0), row(other, 2));
}

TEST_F(LoaderTest, ViewsComeOneBehindTheOther) {
    BatchLoader views = loader("crop+augmix", 30), clean = loader("crop", 30);
    const std::vector<int64_t> examples{4, 2};
    views.load(examples, 3);
    clean.load(examples, 3);
    EXPECT_EQ(views.views(), 3);
    EXPECT_EQ(views.features().size(), 30 * 3 * 432);
    EXPECT_EQ(views.targets().size(), 30 * 3);
    EXPECT_EQ(row(views, 0), row(clean, 0));
    EXPECT_EQ(row(views, 1), row(clean, 1));
    EXPECT_THAT(views.row_keys(), testing::ElementsAre(4, 2, 204, 202, 404, 402));
    EXPECT_THAT(clean.row_keys(), testing::ElementsAre(4, 2));
}

TEST_F(LoaderTest, APreparedBatchIsTheOneThatIsLoaded) {
    std::vector<int64_t> order(200);
    std::iota(order.begin(), order.end(), int64_t{0});
    const auto batch = [&](int64_t i) {
        return std::span(order).subspan(static_cast<size_t>(i * 80) % 120, 80);
    };
    for (const char* chain : {"none", "crop+flip+cutmix"}) {
        SCOPED_TRACE(chain);
        BatchLoader ahead = loader(chain, 80), alone = loader(chain, 80);
        EXPECT_EQ(ahead.prepares(), available_threads() > 1);
        for (int64_t i = 0; i < 6; ++i) {
            ahead.load(batch(i), i);
            alone.load(batch(i), i);
            // At i = 3 another batch is asked for than was prepared.
            ahead.prepare_next(batch(i == 2 ? 1 : i + 1), i + 1);
            EXPECT_EQ(ahead.features().to_doubles(), alone.features().to_doubles()) << i;
            EXPECT_EQ(ahead.targets().to_doubles(), alone.targets().to_doubles()) << i;
            EXPECT_TRUE(std::ranges::equal(ahead.row_keys(), batch(i)));
        }
    }
}

TEST_F(LoaderTest, ExceptionsOfTheThreadReachTheLoad) {
    BatchLoader loads = loader("flip", 80);
    std::vector<int64_t> examples(80, 0);
    loads.load(examples, 0);
    examples[40] = 200;  // there is no such example
    loads.prepare_next(examples, 1);
    EXPECT_THROW(loads.load(examples, 1), std::logic_error);
    examples[40] = 199;
    EXPECT_NO_THROW(loads.load(examples, 1));
}

// More threads than processors, and more than some batches have examples.
TEST_F(LoaderTest, ThreadsThatOccupyAllProcessorsShareALoad) {
    const int threads = available_threads() + 2;
    for (const char* chain : {"none", "crop+flip+cutmix", "augmix"})
        for (const auto precision : {Precision::f32, Precision::f64}) {
            SCOPED_TRACE(chain);
            BatchLoader shared = loader(chain, 80, precision, threads), alone = loader(chain, 80, precision);
            EXPECT_FALSE(shared.prepares());
            std::vector<int64_t> examples(80, 3);
            std::iota(examples.begin() + 9, examples.end(), int64_t{50});
            for (const size_t count : {80U, 79U, 2U}) {
                shared.load(std::span(examples).first(count), 5);
                alone.load(std::span(examples).first(count), 5);
                shared.prepare_next(examples, 6);
                EXPECT_EQ(shared.features().to_doubles(), alone.features().to_doubles()) << count;
                EXPECT_EQ(shared.targets().to_doubles(), alone.targets().to_doubles()) << count;
                EXPECT_TRUE(std::ranges::equal(shared.row_keys(), alone.row_keys()));
            }
        }
}

TEST_F(LoaderTest, ExceptionsOfSharedLoadsReachTheCaller) {
    BatchLoader loads = loader("flip", 80, Precision::f32, available_threads() + 1);
    std::vector<int64_t> examples(80, 0);
    examples[70] = 200;  // there is no such example
    EXPECT_THROW(loads.load(examples, 0), std::logic_error);
    examples[70] = 199;
    EXPECT_NO_THROW(loads.load(examples, 0));
}

TEST_F(LoaderTest, SmallBatchesHaveNoThread) {
    BatchLoader loads = loader("flip", 10);
    EXPECT_FALSE(loads.prepares());
    const std::vector<int64_t> examples{1};
    loads.load(examples, 0);
    const void* place = loads.features().data();
    loads.prepare_next(examples, 1);
    loads.load(examples, 1);
    EXPECT_EQ(loads.features().data(), place);
}

TEST_F(LoaderTest, RefusesWhatMakesNoSense) {
    const Parts spiral = load_parts({.dataset = "spiral:examples=30"});
    EXPECT_THROW(BatchLoader(spiral.training, spiral.schema.normalization, spiral.schema.target_normalization,
                             4, Precision::f32, make_augmentation("crop")),
                 RequestError);
}

Case image_case(const std::string& chain, int threads = 1) {
    Case given{.model = "mlp:hidden=8,dropout=0.2"};
    given.options = {.epochs = 2,
                     .batch = 80,
                     .seed = 4,
                     .compile = {Precision::f32, threads},
                     .augmentation = make_augmentation(chain)};
    return given;
}

TEST(AugmentedTraining, SeesTheBatchesThatTheLoaderMakesAndEvaluatesPlainOnes) {
    // The learning rate is so small that every loss belongs to the initial weights.
    Case given = image_case("crop+flip");
    given.model = "mlp:hidden=8";
    given.options.compile.precision = Precision::f64;
    Case plain = given;
    plain.options.augmentation = nullptr;
    for (auto* c : {&given, &plain}) c->optimizer = "sgd:learning_rate=1e-300";
    Bench augmented(given, image_parts()), usual(plain, image_parts());
    augmented.run();
    usual.run();
    ASSERT_EQ(augmented.losses().size(), 6U);
    for (size_t i = 0; i < 6; ++i) EXPECT_NE(augmented.losses()[i], usual.losses()[i]);
    ASSERT_EQ(augmented.heard.evaluations.size(), 2U);
    for (size_t i = 0; i < 2; ++i)
        EXPECT_EQ(augmented.heard.evaluations[i].validation.loss, usual.heard.evaluations[i].validation.loss);
    // The fourth update, the first of the second epoch, by hand.
    std::vector<int64_t> order(210);
    epoch_order(Sampling::shuffled, 4, 1, order);
    BatchLoader loader(augmented.parts.training, augmented.parts.schema.normalization,
                       augmented.parts.schema.target_normalization, 80, Precision::f64,
                       make_augmentation("crop+flip"), 4);
    loader.load(std::span(order).first(80), 3);
    auto& objective = augmented.trainer.objective(80);
    objective.on(batch_sample(augmented.network, loader, augmented.buffers));
    EXPECT_DOUBLE_EQ(objective.value(augmented.parameters), augmented.losses()[3]);
}

TEST(AugmentedTraining, ThreadsChangeNothingOfWhatIsLoaded) {
    // Watchers leave the weights alone, so that a loss tells of the batch; sums differ in their last bits.
    for (const char* chain : {"crop+flip+noise", "augmix:width=2", "cutmix"}) {
        SCOPED_TRACE(chain);
        Case one = image_case(chain), two = image_case(chain, 2);
        const auto with = [](Case c) {
            return std::make_unique<Bench>(c, image_parts(), std::make_unique<Watcher>());
        };
        const auto a = with(one), b = with(two);
        a->run();
        b->run();
        ASSERT_EQ(a->losses().size(), 6U);
        for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(a->losses()[i], b->losses()[i], 1e-5);
    }
}

TEST(AugmentedTraining, ThePreparedFirstBatchOfAnEpochIsThatOfTheCurriculum) {
    // One thread of two or more lets batches be prepared, also across the ends of epochs; with all none is.
    for (const char* curriculum : {"weighted", "stochastic", "deterministic"}) {
        SCOPED_TRACE(curriculum);
        Case ahead = image_case("flip"), none = image_case("flip", available_threads());
        const auto losses_of = [&](Case c) {
            c.options.epochs = 4;
            Bench bench(c, image_parts(), std::make_unique<Watcher>());
            Numbers difficulties;
            for (int64_t i = 0; i < 210; ++i) difficulties.push_back(static_cast<double>(i % 11));
            bench.trainer.follow(
                CurriculumPlan(curricula().make(Spec::parse(curriculum)), difficulties, 4, 4));
            bench.run();
            return bench.losses();
        };
        const Numbers a = losses_of(ahead), b = losses_of(none);
        ASSERT_EQ(a.size(), 12U);
        for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5) << i;
        EXPECT_GT(std::abs(a[3] - a[0]), 1e-3);
    }
}

TEST(AugmentedTraining, StoppedAndGoneOnEndsAsOneThatNeverStopped) {
    Bench whole(image_case("crop+mixup"), image_parts()), cut(image_case("crop+mixup"), image_parts());
    whole.run();
    struct StopAt : TrainListener {
        int64_t step = 0, at = 1;
        void on_progress(const StepEvent& event, int64_t) override { step = event.step; }
        bool wants_to_stop() const override { return step == at; }
    } stop;
    EXPECT_EQ(cut.run({&stop}).reason, StopReason::listener);  // the next batch is prepared already
    EXPECT_EQ(cut.state.step, 1);
    cut.run();
    EXPECT_EQ(cut.weights(), whole.weights());
}

}  // namespace
}  // namespace ravine
