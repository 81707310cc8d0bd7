#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ravine/lab/report/profile.hpp"
#include "ravine/lab/report/spread.hpp"

namespace ravine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PerformanceRatios, AgainstTheBestAtEachSeed) {
    // Seed 1: 10 and 20; seed 2: 30 and 15; seed 3: only the second; the third contender never.
    const auto ratios = performance_ratios({{{1, 10}, {2, 30}}, {{1, 20}, {2, 15}, {3, 7}}, {}});
    EXPECT_THAT(ratios[0], ElementsAre(1, 2));
    EXPECT_THAT(ratios[1], ElementsAre(1, 1, 2));
    EXPECT_THAT(ratios[2], IsEmpty());
}

TEST(PerformanceRatios, NoCostIsTheBest) {
    const auto ratios = performance_ratios({{{1, 0}}, {{1, 0}}});
    EXPECT_THAT(ratios[0], ElementsAre(1));
    EXPECT_THAT(ratios[1], ElementsAre(1));
}

TEST(SpreadCurve, MeansAndExtremesOverSeeds) {
    SpreadCurve curve(1);
    curve.add(1, {10}, 4);
    curve.add(1, {12}, 8);
    curve.add(2, {20}, 1);
    curve.add(2, {99}, std::nan(""));  // diverged: the seed counts no more
    EXPECT_THAT(curve.rows(3, 10),
                ElementsAre(ElementsAre(3, 11, 2, 6, 4, 8), ElementsAre(3, 20, 1, 1, 1, 1)));
}

TEST(SpreadCurve, ThinningKeepsSpikes) {
    SpreadCurve curve(1);
    for (int i = 0; i < 1000; ++i) curve.add(i, {i + 0.0}, i == 123 ? 50 : 1);
    const auto rows = curve.rows(0, 10);
    ASSERT_EQ(rows.size(), 10u);
    EXPECT_THAT(rows[0], ElementsAre(0, 49.5, 1, 1, 1, 1));
    EXPECT_THAT(rows[1], ElementsAre(0, 149.5, 1, 1.49, 1, 50));
}

}  // namespace
}  // namespace ravine
