#include "ravine/data/sampler.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/data/support.hpp"

namespace ravine {
namespace {

std::vector<int64_t> order(Sampling sampling, uint64_t seed, int64_t epoch, size_t n = 1000) {
    std::vector<int64_t> result(n, -1);
    epoch_order(sampling, seed, epoch, result);
    return result;
}

std::vector<int64_t> counting(size_t n = 1000) {
    std::vector<int64_t> result(n);
    std::iota(result.begin(), result.end(), int64_t{0});
    return result;
}

TEST(Sampler, ShuffledIsAFreshPermutationEveryEpoch) {
    for (const int64_t epoch : {0, 1, 2, 1'000'000}) {
        auto one = order(Sampling::shuffled, 7, epoch);
        EXPECT_NE(one, counting());
        EXPECT_NE(one, order(Sampling::shuffled, 7, epoch + 1));
        EXPECT_NE(one, order(Sampling::shuffled, 8, epoch));
        EXPECT_EQ(one, order(Sampling::shuffled, 7, epoch));
        std::ranges::sort(one);
        EXPECT_EQ(one, counting());
    }
}

TEST(Sampler, OnceIsOnePermutationForAllEpochs) {
    auto one = order(Sampling::once, 7, 0);
    EXPECT_NE(one, counting());
    EXPECT_EQ(one, order(Sampling::once, 7, 5));
    EXPECT_NE(one, order(Sampling::once, 8, 0));
    EXPECT_NE(one, order(Sampling::shuffled, 7, 0));
    std::ranges::sort(one);
    EXPECT_EQ(one, counting());
}

TEST(Sampler, SequentialCounts) { EXPECT_EQ(order(Sampling::sequential, 7, 3), counting()); }

TEST(Sampler, IidRepeats) {
    const auto one = order(Sampling::iid, 7, 0);
    EXPECT_NE(one, order(Sampling::iid, 7, 1));
    EXPECT_NE(one, order(Sampling::iid, 8, 0));
    EXPECT_EQ(one, order(Sampling::iid, 7, 0));
    // Of n draws with replacement 1 - 1/e = 63 % of the examples are seen; the deviation is 0.98 %.
    const double seen = static_cast<double>(std::set<int64_t>(one.begin(), one.end()).size()) / 1000;
    EXPECT_NEAR(seen, 0.632, 0.05);
    EXPECT_GE(std::ranges::min(one), 0);
    EXPECT_LT(std::ranges::max(one), 1000);
}

TEST(Sampler, EveryPlaceIsEquallyLikely) {
    // Where example 0 stands in a shuffle of 5, over 5,000 epochs: 1,000 each, deviation 28.
    std::vector<int> count(5);
    for (int64_t epoch = 0; epoch < 5000; ++epoch) {
        const auto one = order(Sampling::shuffled, 1, epoch, 5);
        ++count[static_cast<size_t>(std::ranges::find(one, 0) - one.begin())];
    }
    for (const int c : count) EXPECT_NEAR(c, 1000, 140);
}

TEST(Sampler, NamesAreReadBack) {
    for (const auto& [name, sampling] : sampling_names()) {
        EXPECT_EQ(parse_sampling(name), sampling);
        EXPECT_EQ(to_string(sampling), name);
    }
    test::expect_error(2, [] { parse_sampling("shufled"); }, {"'shufled'", "did you mean 'shuffled'?"});
}

}  // namespace
}  // namespace ravine
