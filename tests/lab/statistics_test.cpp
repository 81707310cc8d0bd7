#include "ravine/lab/statistics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace ravine {
namespace {

using Numbers = std::vector<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Statistics, SummaryOfAFewNumbers) {
    const Summary s = summarize(Numbers{2, 4, 4, 4, 5, 5, 7, 9});
    EXPECT_EQ(s.count, 8);
    EXPECT_DOUBLE_EQ(s.mean, 5);
    EXPECT_DOUBLE_EQ(s.deviation, std::sqrt(32.0 / 7));
    EXPECT_DOUBLE_EQ(s.median, 4.5);
    EXPECT_EQ(s.low, 2);
    EXPECT_EQ(s.high, 9);
    const double half = 2.3646242515927844 * std::sqrt(32.0 / 7 / 8);  // t of 7 degrees, from tables
    EXPECT_NEAR(s.confidence_low, 5 - half, 1e-9);
    EXPECT_NEAR(s.confidence_high, 5 + half, 1e-9);
}

TEST(Statistics, SummaryOfOneNumberHasNoSpread) {
    const Summary one = summarize(Numbers{3});
    EXPECT_EQ(one.mean, 3);
    EXPECT_TRUE(std::isnan(one.deviation) && std::isnan(one.confidence_low));
    EXPECT_TRUE(std::isnan(summarize(Numbers{}).mean));
}

TEST(Statistics, QuantilesInterpolate) {
    const Numbers sample{40, 10, 30, 20};
    EXPECT_EQ(quantile(sample, 0), 10);
    EXPECT_EQ(quantile(sample, 1), 40);
    EXPECT_DOUBLE_EQ(quantile(sample, 0.25), 17.5);
}

TEST(Statistics, StudentQuantilesAsInTables) {
    EXPECT_NEAR(student_quantile(0.975, 1), 12.706204736432095, 1e-8);
    EXPECT_NEAR(student_quantile(0.95, 4), 2.1318467863266499, 1e-9);
    EXPECT_NEAR(student_quantile(0.975, 1e6), 1.959966, 1e-5);
    EXPECT_NEAR(student_quantile(0.5, 3), 0, 1e-9);
}

TEST(SignedRank, ByHand) {
    // Ranks of 1, -2, 3, 4 are 1, 2, 3, 4: W+ = 8 of 10. Of the 16 sign patterns the sums 0, 1, 2 (one each)
    // and 8, 9, 10 (one each) are as far from 5.
    const auto test = signed_rank_test(Numbers{3, 1, -2, 4});
    EXPECT_EQ(test.pairs, 4);
    EXPECT_DOUBLE_EQ(test.p_value, 6.0 / 16);
    EXPECT_DOUBLE_EQ(test.effect, (8.0 - 2) / 10);
}

TEST(SignedRank, OneSidedExtremesHaveTheSmallestChance) {
    const auto all_plus = signed_rank_test(Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    EXPECT_DOUBLE_EQ(all_plus.p_value, 2.0 / 1024);
    EXPECT_EQ(all_plus.effect, 1);
    const auto all_minus = signed_rank_test(Numbers{-1, -2, -3, -4, -5});
    EXPECT_DOUBLE_EQ(all_minus.p_value, 2.0 / 32);
    EXPECT_EQ(all_minus.effect, -1);
}

TEST(SignedRank, TiesShareTheirRankAndZerosAreLeftOut) {
    // |d| = 1, 1, 2: ranks 1.5, 1.5, 3. W+ = 1.5 + 3 = 4.5 of 6. Sums of the 8 patterns: 0, 1.5, 1.5, 3,
    // 3, 4.5, 4.5, 6; at least 1.5 from 3: all but two.
    const auto test = signed_rank_test(Numbers{0, 1, -1, 2, 0});
    EXPECT_EQ(test.pairs, 3);
    EXPECT_DOUBLE_EQ(test.p_value, 6.0 / 8);
    EXPECT_DOUBLE_EQ(test.effect, (4.5 - 1.5) / 6);
    const auto nothing = signed_rank_test(Numbers{0, 0});
    EXPECT_EQ(nothing.pairs, 0);
    EXPECT_EQ(nothing.p_value, 1);
}

TEST(SignedRank, ADivergedRunIsWorseThanAny) {
    const auto test = signed_rank_test(Numbers{infinity, -5, -7});  // ranks 3, 1, 2
    EXPECT_EQ(test.effect, 0);
    EXPECT_EQ(test.p_value, 1);
    EXPECT_THROW(signed_rank_test(Numbers{std::nan("")}), std::logic_error);
}

TEST(SignedRank, StaysExactForManyPairs) {
    Numbers differences;
    for (int i = 1; i <= 200; ++i) differences.push_back(i % 3 == 0 ? -i : i);
    // The normal approximation: W+ has mean n(n+1)/4 and variance n(n+1)(2n+1)/24.
    double plus = 0;
    for (const double d : differences) plus += d > 0 ? d : 0;
    const double z = (plus - 10050) / std::sqrt(200.0 * 201 * 401 / 24);
    EXPECT_NEAR(signed_rank_test(differences).p_value, std::erfc(z / std::sqrt(2.0)), 2e-5);
}

TEST(Holm, MultipliesByTheNumberOfHypothesesThatAreLeft) {
    EXPECT_THAT(holm_adjusted(Numbers{0.01, 0.04, 0.03, 0.005}),
                testing::Pointwise(testing::DoubleEq(), Numbers{0.03, 0.06, 0.06, 0.02}));
    EXPECT_THAT(holm_adjusted(Numbers{0.9, 0.8}), testing::ElementsAre(1, 1));
    EXPECT_TRUE(holm_adjusted(Numbers{}).empty());
}

}  // namespace
}  // namespace ravine
