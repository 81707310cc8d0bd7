#include "ravine/train/training/batch_order.hpp"

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using Examples = std::vector<int64_t>;

Examples list(std::span<const int64_t> examples) { return {examples.begin(), examples.end()}; }

Examples order_of_epoch(int64_t epoch, int64_t examples) {
    Examples order(static_cast<size_t>(examples));
    epoch_order(Sampling::shuffled, 5, epoch, order);
    return order;
}

TEST(BatchOrder, CutsEpochsIntoBatches) {
    BatchOrder order({.seed = 5, .batch = 4, .examples = 10});
    for (const int64_t epoch : {0, 1, 7}) {
        order.begin(epoch);
        const Examples all = order_of_epoch(epoch, 10);
        EXPECT_EQ(list(order.batch(0)), Examples(all.begin(), all.begin() + 4));
        EXPECT_EQ(list(order.batch(1)), Examples(all.begin() + 4, all.begin() + 8));
        EXPECT_EQ(list(order.batch(2)), Examples(all.begin() + 8, all.end()));
        EXPECT_TRUE(order.batch(3).empty());
    }
    EXPECT_EQ(order.examples_in(2), 8);
    EXPECT_EQ(order.examples_in(3), 10);
}

TEST(BatchOrder, BehindTheLastBatchComesTheFirstOfTheNextEpoch) {
    // Whether or not anyone looked ahead, and through several epochs.
    BatchOrder looking({.seed = 5, .batch = 4, .examples = 10}),
        plain({.seed = 5, .batch = 4, .examples = 10});
    Examples expected;
    for (int64_t epoch = 0; epoch < 4; ++epoch) {
        looking.begin(epoch);
        plain.begin(epoch);
        for (int64_t i = 0; i < 3; ++i) {
            EXPECT_EQ(list(looking.batch(i)), list(plain.batch(i)));
            if (!expected.empty()) {
                EXPECT_EQ(list(looking.batch(i)), expected);
            }
            expected = list(looking.after(i));
            EXPECT_EQ(list(looking.after(i)), expected);
            EXPECT_EQ(list(looking.batch(i)), list(plain.batch(i)));
        }
        EXPECT_EQ(expected.size(), 4U);
    }
    looking.begin(9);  // not the one that was looked at
    plain.begin(9);
    EXPECT_EQ(list(looking.batch(0)), list(plain.batch(0)));
}

TEST(BatchOrder, LookingAheadLeavesTheWeightsOfACurriculumAlone) {
    const Numbers hard{0.5, 0.1, 0.9, 0.3, 0.7, 0.2};
    for (const char* kind : {"weighted", "deterministic", "stochastic"}) {
        SCOPED_TRACE(kind);
        const auto plan = [&] {
            return CurriculumPlan(curricula().make(Spec::parse(std::string(kind) + ":share=1")), hard, 5, 4);
        };
        CurriculumPlan looked_ahead = plan(), fresh = plan();
        BatchOrder order({.seed = 5, .batch = 4, .examples = 6, .curriculum = &looked_ahead});
        for (int64_t epoch = 0; epoch < 3; ++epoch) {
            order.begin(epoch);
            const Examples ahead = list(order.after(1));
            Examples now = order_of_epoch(epoch, 6), next = order_of_epoch(epoch + 1, 6);
            fresh.arrange(epoch, now);
            fresh.begin_epoch(epoch);
            EXPECT_EQ(list(order.batch(0)), Examples(now.begin(), now.begin() + 4));
            for (int64_t i = 0; i < 6; ++i) EXPECT_EQ(looked_ahead.weight(i), fresh.weight(i));
            fresh.arrange(epoch + 1, next);
            EXPECT_EQ(ahead, Examples(next.begin(), next.begin() + 4));
        }
    }
}

}  // namespace
}  // namespace ravine
