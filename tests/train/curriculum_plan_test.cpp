#include "ravine/train/curriculum/curriculum_plan.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using Order = std::vector<int64_t>;

const char* const kinds[] = {"weighted", "stochastic", "deterministic"};

Curriculum curriculum_of(const std::string& text) { return curricula().make(Spec::parse(text)); }

/// Example i is the harder the larger (7 i mod n), for n without a factor 7: all difficulties differ.
Numbers difficulties(int64_t n) {
    Numbers result;
    for (int64_t i = 0; i < n; ++i) result.push_back(static_cast<double>(7 * i % n));
    return result;
}

Order plain_order(int64_t n, int64_t epoch = 0) {
    Order order(static_cast<size_t>(n));
    epoch_order(Sampling::shuffled, 1, epoch, order);
    return order;
}

Order order_of(const std::string& text, int64_t n, int64_t epoch, int64_t epochs, uint64_t seed = 1) {
    CurriculumPlan plan(curriculum_of(text), difficulties(n), seed, epochs);
    Order order = plain_order(n, epoch);
    plan.arrange(epoch, order);
    plan.begin_epoch(epoch);
    return order;
}

TEST(CurriculumPlan, RanksFromEasyToHard) {
    const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
    EXPECT_EQ(ranks_of(Numbers{0.3, 0.1, nan, 0.2, inf, 0.1}), (Order{3, 0, 4, 2, 5, 1}));
}

TEST(CurriculumPlan, DeterministicDrawsTheEasiestInThePlainOrderOverAndOver) {
    const Order plain = plain_order(10);  // difficulty 7 i mod 10: 0 and 3 are the easiest two
    Order easy;
    std::ranges::copy_if(plain, std::back_inserter(easy), [](int64_t i) { return 7 * i % 10 < 2; });
    ASSERT_EQ(std::ssize(easy), 2);
    Order expected;
    for (size_t i = 0; i < 10; ++i) expected.push_back(easy[i % 2]);
    EXPECT_EQ(order_of("deterministic:initial=0.2", 10, 0, 9), expected);
}

TEST(CurriculumPlan, DeterministicShareGrowsAsStated) {
    for (int64_t epoch = 0; epoch < 9; ++epoch) {
        const Order order = order_of("deterministic:initial=0.2,share=0.5", 1000, epoch, 9);
        const int64_t easy = std::min<int64_t>(1000, 200 + 200 * epoch);
        const std::set<int64_t> drawn(order.begin(), order.end());
        EXPECT_EQ(std::ssize(order), 1000);
        EXPECT_EQ(std::ssize(drawn), easy);
        for (const int64_t i : drawn) EXPECT_LT(7 * i % 1000, easy);
    }
}

TEST(CurriculumPlan, StochasticDrawsHardExamplesAllTheTimeAndMoreAndMoreOften) {
    constexpr int64_t n = 10000;
    double before = 0;
    for (int64_t epoch = 0; epoch < 5; ++epoch) {
        const Order order = order_of("stochastic:initial=0.2,share=0.5,mix=0.8", n, epoch, 9);
        const double u = static_cast<double>(epoch) / 4, mix = 0.8 * (1 - u);
        std::vector<int> count(n);
        double hardest = 0;  // a tenth that is easy in no epoch but the plain ones
        for (const int64_t i : order) {
            ++count[static_cast<size_t>(i)];
            hardest += 7 * i % n >= 0.9 * n ? 1.0 / n : 0;
        }
        EXPECT_NEAR(hardest, 0.1 * (1 - mix), 0.01);
        EXPECT_GT(hardest, before);
        before = hardest;
        for (int64_t i = 0; i < n; ++i) {
            if (7 * i % n < 0.9 * n) continue;
            EXPECT_LE(count[static_cast<size_t>(i)], 1);  // from all without replacement
        }
    }
}

TEST(CurriculumPlan, StochasticLiesBetweenPlainAndDeterministic) {
    EXPECT_EQ(order_of("stochastic:mix=0", 100, 0, 9), plain_order(100));
    EXPECT_EQ(order_of("stochastic:mix=1", 100, 0, 9), order_of("deterministic", 100, 0, 9));
}

TEST(CurriculumPlan, OrdersAreKeyedBySeedAndEpoch) {
    const std::string text = "stochastic";
    EXPECT_EQ(order_of(text, 100, 1, 9), order_of(text, 100, 1, 9));
    EXPECT_NE(order_of(text, 100, 1, 9, 2), order_of(text, 100, 1, 9, 1));
    // In whichever epoch a run begins, the later ones are the same.
    CurriculumPlan through(curriculum_of(text), difficulties(100), 1, 9);
    for (int64_t epoch = 0; epoch < 4; ++epoch) {
        Order order = plain_order(100, epoch);
        through.arrange(epoch, order);
        EXPECT_EQ(order, order_of(text, 100, epoch, 9));
    }
}

TEST(CurriculumPlan, TheLastEpochIsThePlainPermutation) {
    for (const char* kind : kinds) {
        EXPECT_EQ(order_of(std::string(kind) + ":share=1", 100, 8, 9), plain_order(100, 8)) << kind;
        CurriculumPlan plan(curriculum_of(std::string(kind) + ":share=1"), difficulties(100), 1, 9);
        plan.begin_epoch(7);
        plan.begin_epoch(8);
        for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(plan.weight(i), 1) << kind;
    }
}

// r = 1/8, 3/8, 5/8, 7/8 by difficulty, lambda = 1/2.
TEST(CurriculumPlan, WeightsByHand) {
    CurriculumPlan plan(curriculum_of("weighted:initial=0.5"), Numbers{0.4, 0.1, 0.3, 0.2}, 1, 9);
    Order order{3, 1, 0, 2};
    plan.arrange(0, order);
    plan.begin_epoch(0);
    EXPECT_EQ(order, (Order{3, 1, 0, 2}));
    const double third = std::pow(0.5, 0.25), fourth = std::pow(0.5, 0.75), mean = (2 + third + fourth) / 4;
    EXPECT_DOUBLE_EQ(plan.weight(0), fourth / mean);
    EXPECT_DOUBLE_EQ(plan.weight(1), 1 / mean);
    EXPECT_DOUBLE_EQ(plan.weight(2), third / mean);
    EXPECT_DOUBLE_EQ(plan.weight(3), 1 / mean);
    Vector weights(4, Precision::f64, 9);
    plan.weigh(std::span(order).first(2), weights);
    EXPECT_EQ(weights.to_doubles(), (Numbers{plan.weight(3), plan.weight(1), 9, 9}));
}

TEST(CurriculumPlan, WeightsHaveMeanOneFallWithDifficultyAndLevelOut) {
    const Numbers hard = difficulties(1000);
    double before = 100;
    for (int64_t epoch = 0; epoch < 9; ++epoch) {
        CurriculumPlan plan(curriculum_of("weighted:initial=0.1"), hard, 1, 9);
        Order order = plain_order(1000);
        plan.arrange(epoch, order);
        plan.begin_epoch(epoch);
        Numbers by_rank(1000);
        for (int64_t i = 0; i < 1000; ++i) by_rank[static_cast<size_t>(7 * i % 1000)] = plan.weight(i);
        EXPECT_NEAR(std::accumulate(by_rank.begin(), by_rank.end(), 0.0) / 1000, 1, 1e-12);
        EXPECT_TRUE(std::ranges::is_sorted(by_rank, std::ranges::greater()));
        EXPECT_GT(by_rank.back(), 0);
        const double spread = by_rank.front() / by_rank.back();
        EXPECT_TRUE(spread < before || epoch > 4);
        before = spread;
    }
    EXPECT_EQ(before, 1);
}

CurriculumPlan plan_for(const Bench& bench, const std::string& text) {
    return {curriculum_of(text), difficulties(bench.parts.training.size()), bench.given.options.seed,
            total_epochs(bench.given.options, bench.parts.training.size())};
}

TEST(CurriculumTraining, WithAllExamplesEasyIsPlainTrainingToTheLastBit) {
    Bench plain{Case{}};
    plain.run();
    for (const char* kind : kinds) {
        Bench bench{Case{}};
        bench.trainer.follow(plan_for(bench, std::string(kind) + ":initial=1,share=1"));
        bench.run();
        EXPECT_EQ(bench.losses(), plain.losses()) << kind;
        EXPECT_EQ(bench.weights(), plain.weights()) << kind;
    }
}

TEST(CurriculumTraining, MakesAsManyUpdatesAndLearnsSomethingElse) {
    Bench plain{Case{}};
    plain.run();
    for (const char* kind : kinds) {
        Bench bench{Case{}};
        bench.trainer.follow(plan_for(bench, kind));
        bench.run();
        EXPECT_EQ(bench.state.step, plain.state.step) << kind;
        EXPECT_NE(bench.weights(), plain.weights()) << kind;
    }
}

// All examples in one batch: the loss is the weighted mean of theirs, or the mean over those drawn.
TEST(CurriculumTraining, WeighsAndDrawsWhatThePlanSays) {
    for (const char* kind : kinds) {
        Case given{.loss = "cross-entropy"};
        given.options.batch = 10000;
        Bench bench(given, parts_of(given), std::make_unique<Watcher>());
        CurriculumPlan plan = plan_for(bench, kind);
        bench.trainer.follow(plan);
        bench.run();
        Evaluator evaluator(bench.network, given.options.compile);
        const Schema& schema = bench.parts.schema;
        const Numbers each = evaluator.losses(bench.parts.training, schema.normalization,
                                              schema.target_normalization, bench.parameters, bench.buffers);
        for (int64_t epoch = 0; epoch < 3; ++epoch) {
            Order order = plain_order(bench.parts.training.size(), epoch);
            plan.arrange(epoch, order);
            plan.begin_epoch(epoch);
            double expected = 0;
            for (const int64_t i : order)
                expected += plan.weight(i) * each[static_cast<size_t>(i)] / static_cast<double>(order.size());
            EXPECT_NEAR(bench.losses()[static_cast<size_t>(epoch)], expected, 1e-5) << kind << epoch;
        }
        EXPECT_NE(bench.losses()[0], bench.losses()[2]);
    }
}

TEST(CurriculumTraining, GoesOnInMidEpochWhereItStopped) {
    for (const char* kind : kinds) {
        Bench whole{Case{}}, halves{Case{}};
        whole.trainer.follow(plan_for(whole, kind));
        whole.run();
        halves.trainer.follow(plan_for(halves, kind));
        StopAfter stop(8);
        halves.run({&stop});
        ASSERT_EQ(halves.state.batch_in_epoch, 2);
        halves.trainer.follow(plan_for(halves, kind));  // as another process would
        halves.run();
        EXPECT_EQ(halves.weights(), whole.weights()) << kind;
    }
}

}  // namespace
}  // namespace ravine
