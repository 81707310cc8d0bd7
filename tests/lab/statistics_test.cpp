#include "ravine/lab/statistics/statistics.hpp"

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

TEST(Statistics, TheIntervalOfAMeanOfSharesLiesInsideTheUnitInterval) {
    // Student's would reach 1.0003.
    const Numbers shares{1, 1, 1, 1, 0.998, 1, 1, 0.997, 1, 1};
    EXPECT_GT(summarize(shares).confidence_high, 1);
    const Summary s = summarize(shares, Values::shares);
    EXPECT_LT(s.confidence_high, 1);
    EXPECT_GT(s.confidence_high, s.mean);
    // By hand: log(m / (1 - m)) -+ 2.2622 d / sqrt(10) / (m (1 - m)), m = 0.9995, d = 0.0010801.
    EXPECT_NEAR(s.confidence_low, 0.9976577, 1e-6);
    EXPECT_NEAR(s.confidence_high, 0.9998934, 1e-6);
    // In the middle it is Student's.
    const Numbers middle{0.49, 0.5, 0.51, 0.5};
    EXPECT_NEAR(summarize(middle, Values::shares).confidence_low, summarize(middle).confidence_low, 1e-5);
    const Summary perfect = summarize(Numbers{1, 1, 1}, Values::shares);
    EXPECT_EQ(perfect.confidence_low, 1);
    EXPECT_EQ(perfect.confidence_high, 1);
}

TEST(Statistics, AMedianBetweenANumberAndInfinityIsInfinite) {
    EXPECT_EQ(quantile(Numbers{1, infinity}, 0.5), infinity);
    EXPECT_EQ(quantile(Numbers{1, 2, infinity}, 0.5), 2);
    EXPECT_EQ(quantile(Numbers{infinity, infinity}, 0.5), infinity);
    EXPECT_EQ(quantile(Numbers{-infinity, 1}, 0.5), -infinity);
}

TEST(Statistics, AMedianCostIsWhenHalfOfAllTrialsHadArrived) {
    EXPECT_EQ(median_cost(Numbers{30, 10, 20}), 20);
    EXPECT_EQ(median_cost(Numbers{10, 20, infinity, infinity}), 20);  // half of them, at 20
    EXPECT_EQ(median_cost(Numbers{10, infinity, infinity}), infinity);
    Numbers one_of_ten(10, infinity);
    one_of_ten[3] = 5;
    EXPECT_EQ(median_cost(one_of_ten), infinity);
    EXPECT_TRUE(std::isnan(median_cost(Numbers{})));
}

}  // namespace
}  // namespace ravine
