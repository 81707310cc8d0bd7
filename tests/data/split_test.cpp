#include "ravine/data/split.hpp"

#include <algorithm>
#include <numeric>

#include "ravine/data/sources/made.hpp"
#include "tests/data/support.hpp"

namespace ravine {
namespace {

Dataset labelled(const std::vector<int32_t>& labels, int64_t classes) {
    Dataset data{.name = "set", .task = Task::classification, .feature_shape = {1}};
    data.features = std::vector<float>(labels.size());
    data.labels = labels;
    data.output_count = classes;
    data.classes.resize(static_cast<size_t>(classes));
    return data;
}

int64_t count_of(const Dataset& data, const std::vector<int64_t>& part, int32_t label) {
    return std::ranges::count_if(part,
                                 [&](int64_t i) { return data.labels[static_cast<size_t>(i)] == label; });
}

TEST(Split, IsDisjointCompleteAndSeeded) {
    for (const Dataset& data : {make_spiral({.examples = 101}, 1), make_noisy_sine({.examples = 101}, 1)}) {
        const Split split = split_examples(data, 20, 30, 7), again = split_examples(data, 20, 30, 7);
        EXPECT_EQ(split.validation.size(), 20U);
        EXPECT_EQ(split.test.size(), 30U);
        std::vector<int64_t> all, counting(101);
        for (const auto* part : {&split.training, &split.validation, &split.test}) {
            EXPECT_TRUE(std::ranges::is_sorted(*part));
            all.insert(all.end(), part->begin(), part->end());
        }
        std::ranges::sort(all);
        std::iota(counting.begin(), counting.end(), int64_t{0});
        EXPECT_EQ(all, counting);
        EXPECT_EQ(split.test, again.test);
        EXPECT_EQ(split.validation, again.validation);
        EXPECT_NE(split.test, split_examples(data, 20, 30, 8).test);
    }
}

TEST(Split, KeepsTheProportionsOfTheClasses) {
    std::vector<int32_t> labels(1000, 0);
    for (size_t i = 900; i < 1000; ++i) labels[i] = 1;  // 10 %
    labels[500] = 2;                                    // one example
    const Dataset data = labelled(labels, 3);
    for (uint64_t seed = 0; seed < 20; ++seed) {
        const Split split = split_examples(data, 200, 100, seed);
        EXPECT_NEAR(static_cast<double>(count_of(data, split.test, 1)), 10, 1) << seed;
        EXPECT_NEAR(static_cast<double>(count_of(data, split.validation, 1)), 20, 1) << seed;
        EXPECT_EQ(count_of(data, split.training, 2), 1) << seed;
    }
}

TEST(Split, SharesAreRoundedAndNeverEmpty) {
    EXPECT_EQ(share_count(0.2, 10), 2);
    EXPECT_EQ(share_count(0.25, 6), 2);
    EXPECT_EQ(share_count(0.01, 10), 1);
    EXPECT_EQ(share_count(0, 10), 0);
    EXPECT_EQ(share_count(1.0 / 12, 60'000), 5000);
}

TEST(Split, LeavesSomethingToTrainOn) {
    const Dataset data = labelled({0, 1, 0}, 2);
    EXPECT_EQ(split_examples(data, 1, 1, 0).training.size(), 1U);
    test::expect_error(2, [&] { split_examples(data, 2, 1, 0); },
                       {"set", "2 for validation and 1 for test", "found 3"});
}

}  // namespace
}  // namespace ravine
