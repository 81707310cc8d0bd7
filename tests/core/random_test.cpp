#include "ravine/core/values/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace ravine::test {
namespace {

// Statistics over n draws are compared at five standard deviations: the seed is fixed, so a test that passes
// passes always.

TEST(RandomWords, AreAFunctionOfTheKey) {
    const RandomKey key{.seed = 5, .purpose = Purpose::layer, .stream = 2, .step = 9};
    EXPECT_EQ(random_words(key, 3, 4), random_words(key, 3, 4));
}

TEST(RandomWords, DifferWhereAnyPartOfTheKeyDiffers) {
    const uint64_t high = uint64_t{1} << 32;  // the upper halves count too
    std::set<std::array<uint32_t, 4>> seen;
    size_t count = 0;
    const auto draw = [&](const RandomKey& key, uint64_t item, uint64_t block) {
        seen.insert(random_words(key, item, block));
        ++count;
    };
    const RandomKey key{};
    draw(key, 0, 0);
    for (const uint64_t part : {uint64_t{1}, uint64_t{2}, high, 2 * high}) {
        draw({.seed = part}, 0, 0);
        draw({.step = part}, 0, 0);
        draw(key, part, 0);
        draw(key, 0, part);
    }
    for (const uint32_t stream : {1u, 2u, 1u << 31}) draw({.stream = stream}, 0, 0);
    for (const auto purpose : {Purpose::initialization, Purpose::data, Purpose::split, Purpose::shuffle,
                               Purpose::sampling, Purpose::layer})
        draw({.purpose = purpose}, 0, 0);
    EXPECT_EQ(seen.size(), count);
}

TEST(RandomWords, BecomeUniformNumbersBelowOne) {
    EXPECT_EQ(to_uniform(0), 0);
    EXPECT_LT(to_uniform(UINT32_MAX), 1);
    EXPECT_EQ(to_uniform(1u << 31), 0.5);
}

TEST(RandomNumbers, OfASequenceRepeat) {
    RandomSequence a({.seed = 3}), b({.seed = 3}), other_item({.seed = 3}, 1);
    bool differs = false;
    for (int i = 0; i < 10; ++i) {
        const uint32_t word = a.word();
        EXPECT_EQ(word, b.word());
        differs |= word != other_item.word();
    }
    EXPECT_TRUE(differs);
}

TEST(RandomNumbers, UniformHaveTheRightMomentsAndRange) {
    RandomSequence random({.seed = 1});
    const int n = 100000;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; ++i) {
        const double u = random.uniform();
        ASSERT_GE(u, 0);
        ASSERT_LT(u, 1);
        sum += u;
        squares += u * u;
    }
    EXPECT_NEAR(sum / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
    EXPECT_NEAR(squares / n, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / n));
    for (int i = 0; i < 1000; ++i) {
        const double u = random.uniform(-3, -1);
        ASSERT_TRUE(u >= -3 && u < -1);
    }
}

TEST(RandomNumbers, NormalHaveTheRightMoments) {
    RandomSequence random({.seed = 2});
    const int n = 100000;
    double sum = 0, squares = 0, fourths = 0;
    for (int i = 0; i < n; ++i) {
        const double x = random.normal();
        ASSERT_TRUE(std::isfinite(x));
        sum += x;
        squares += x * x;
        fourths += x * x * x * x;
    }
    EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(1.0 / n));
    EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2.0 / n));
    EXPECT_NEAR(fourths / n, 3, 5 * std::sqrt(96.0 / n));
}

TEST(RandomNumbers, BelowABoundAreUnbiased) {
    for (const uint64_t bound : {1, 2, 3, 7, 10}) {
        RandomSequence random({.seed = bound});
        std::vector<int> counts(bound, 0);
        const int n = 50000;
        for (int i = 0; i < n; ++i) {
            const uint64_t value = random.below(bound);
            ASSERT_LT(value, bound);
            ++counts[value];
        }
        const double p = 1.0 / static_cast<double>(bound);
        for (const int count : counts) EXPECT_NEAR(count, n * p, 5 * std::sqrt(n * p * (1 - p)) + 0.5);
    }
    // Where nothing is rejected, the remainder of a 64-bit word by this bound is in the lowest third half of
    // the time.
    RandomSequence random({.seed = 3});
    const uint64_t bound = 3 * (uint64_t{1} << 62);
    const int n = 10000;
    int low = 0;
    for (int i = 0; i < n; ++i) low += random.below(bound) < bound / 3;
    EXPECT_NEAR(low, n / 3.0, 5 * std::sqrt(n * 2.0 / 9));
    EXPECT_THROW(random.below(0), std::logic_error);
}

TEST(RandomPermutation, IsAPermutation) {
    for (const int64_t n : {0, 1, 2, 100}) {
        auto order = random_permutation(n, {.seed = 4});
        EXPECT_EQ(order, random_permutation(n, {.seed = 4}));
        std::ranges::sort(order);
        for (int64_t i = 0; i < n; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
    }
}

TEST(RandomPermutation, DependsOnTheSeed) {
    EXPECT_NE(random_permutation(100, {.seed = 4}), random_permutation(100, {.seed = 5}));
}

TEST(RandomPermutation, TakesEveryOrderEquallyOften) {
    std::map<std::vector<int64_t>, int> counts;
    const int n = 6000;
    for (uint64_t seed = 0; seed < n; ++seed) ++counts[random_permutation(3, {.seed = seed})];
    EXPECT_EQ(counts.size(), 6u);
    for (const auto& [order, count] : counts) EXPECT_NEAR(count, n / 6.0, 5 * std::sqrt(n * 5.0 / 36));
}

}  // namespace
}  // namespace ravine::test
