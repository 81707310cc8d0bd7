#include "ravine/lab/statistics/paired.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace ravine {
namespace {

using Numbers = std::vector<double>;
using testing::ElementsAre;
constexpr double without_end = std::numeric_limits<double>::infinity();

Numbers over(const std::vector<int>& counts, int denominator) {
    Numbers numbers;
    for (const int count : counts) numbers.push_back(static_cast<double>(count) / denominator);
    return numbers;
}

TEST(PairedDifferences, AreThoseOfTheCounts) {
    // As doubles 0.9 - 0.8, 0.8 - 0.7 and 0.7 - 0.6 are three numbers.
    const Numbers a{0.9, 0.8, 0.7}, b{0.8, 0.7, 0.6};
    EXPECT_NE(a[0] - b[0], a[1] - b[1]);
    for (const int64_t denominator : {10, 0}) {
        const auto differences = paired_differences(a, b, denominator);
        EXPECT_EQ(differences[0], differences[1]) << denominator;
        EXPECT_EQ(differences[1], differences[2]) << denominator;
        EXPECT_NEAR(differences[0], 0.1, 1e-15);
    }
}

TEST(PairedDifferences, OfOneSizeHaveOneSizeWhateverTheirSign) {
    for (const int64_t denominator : {600, 0}) {
        const auto d =
            paired_differences(over({597, 588, 301}, 600), over({598, 587, 301}, 600), denominator);
        EXPECT_EQ(d[0], -d[1]);
        EXPECT_EQ(d[2], 0);
    }
}

TEST(PairedDifferences, AreZeroWithinTheRoundingOfTheOperands) {
    // Nothing about the difference itself tells that it should be 0.
    const double third = 1.0 / 3, near = third + 3 * std::numeric_limits<double>::epsilon();
    EXPECT_THAT(paired_differences(Numbers{third}, Numbers{near}), ElementsAre(0));
    // A difference that is small beside its operands, but far above their rounding, stays.
    EXPECT_NE(paired_differences(Numbers{third}, Numbers{third + 1e-13})[0], 0);
    EXPECT_NE(paired_differences(Numbers{1e-20}, Numbers{2e-20})[0], 0);
}

TEST(PairedDifferences, OfNumbersThatAreNoCountsAreThoseOfTheNumbers) {
    const auto d = paired_differences(Numbers{0.123, 0.5}, Numbers{0.1, 0.25}, 10);
    EXPECT_NEAR(d[0], 0.023, 1e-15);
    EXPECT_EQ(d[1], 0.25);
}

TEST(PairedDifferences, OfADivergedRunAreInfinite) {
    EXPECT_THAT(paired_differences(Numbers{-without_end, 0.5, -without_end},
                                   Numbers{0.5, -without_end, -without_end}, 10),
                ElementsAre(-without_end, without_end, 0));
    EXPECT_THROW(paired_differences(Numbers{std::nan("")}, Numbers{0}), std::logic_error);
    EXPECT_THROW(paired_differences(Numbers{1}, Numbers{0, 1}), std::logic_error);
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
    const auto test = signed_rank_test(Numbers{without_end, -5, -7});  // ranks 3, 1, 2
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

TEST(HodgesLehmann, ByHand) {
    // The Walsh averages of 1, 2, 3, 4, 5, 6: from 1 to 6, their median 3.5. P(T < 1) = 1/64 <= 0.025 and
    // P(T < 2) = 2/64 > 0.025, so the interval goes from the smallest to the largest.
    const Shift six = hodges_lehmann(Numbers{6, 1, 5, 2, 4, 3});
    EXPECT_EQ(six.pairs, 6);
    EXPECT_DOUBLE_EQ(six.estimate, 3.5);
    EXPECT_DOUBLE_EQ(six.low, 1);
    EXPECT_DOUBLE_EQ(six.high, 6);
    // Of ten, the ninth from each end (Hollander and Wolfe, table A.4: P(T <= 8) = 0.024): of 1 to 10 the
    // averages are 1, 1.5, 2, 2, 2.5, 2.5, 3, 3, 3.
    const Shift ten = hodges_lehmann(Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    EXPECT_DOUBLE_EQ(ten.low, 3);
    EXPECT_DOUBLE_EQ(ten.high, 8);
    EXPECT_DOUBLE_EQ(ten.estimate, 5.5);
}

TEST(HodgesLehmann, HasNoIntervalFromFewerThanSixPairs) {
    const Shift five = hodges_lehmann(Numbers{1, 2, 3, 4, 5});
    EXPECT_FALSE(five.has_interval());
    EXPECT_EQ(five.low, -without_end);
    EXPECT_EQ(five.high, without_end);
    EXPECT_EQ(five.estimate, 3);
    EXPECT_TRUE(std::isnan(hodges_lehmann(Numbers{}).estimate));
}

TEST(HodgesLehmann, HasNoEndWhereRunsDiverged) {
    const Shift one = hodges_lehmann(Numbers{1, 2, 3, 4, 5, without_end});
    EXPECT_EQ(one.low, 1);
    EXPECT_EQ(one.high, without_end);
    EXPECT_TRUE(std::isfinite(one.estimate));
    const Shift both = hodges_lehmann(Numbers{-without_end, 0, 0, 0, 0, without_end});
    EXPECT_EQ(both.estimate, 0);
    EXPECT_EQ(both.low, -without_end);
    EXPECT_EQ(hodges_lehmann(Numbers{without_end, without_end, without_end, without_end, 1, 2}).estimate,
              without_end);
}

TEST(Evidence, NeedsTheTestAndTheInterval) {
    const Shift above{.pairs = 8, .estimate = 2, .low = 1, .high = 3},
        around{.pairs = 8, .estimate = 2, .low = 0, .high = 3},
        below{.pairs = 8, .estimate = -2, .low = -3, .high = -1};
    EXPECT_EQ(evidence(above, 0.01), Evidence::positive);
    EXPECT_EQ(evidence(below, 0.01), Evidence::negative);
    EXPECT_EQ(evidence(above, 0.06), Evidence::none);
    EXPECT_EQ(evidence(around, 0.01), Evidence::none);
}

}  // namespace
}  // namespace ravine
