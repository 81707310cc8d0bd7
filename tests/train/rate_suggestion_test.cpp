#include "ravine/train/training/rate_suggestion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace ravine::test {
namespace {

using testing::HasSubstr;

/// Eight decades from 1e-7, 10 rows a decade: row 10 k has the rate 1e(k - 7).
RateSweep curve(const std::function<double(double decade)>& loss, SweepEnd end = SweepEnd::swept) {
    RateSweep sweep;
    sweep.end = end;
    for (int i = 0; i <= 80; ++i) {
        const double decade = -7 + 0.1 * i, here = loss(decade);
        sweep.rows.push_back({std::pow(10, decade), here, here});
    }
    return sweep;
}

/// From 2 down to 1, steepest at `centre`.
double slide(double decade, double centre) { return 1 + 1 / (1 + std::exp(4 * (decade - centre))); }

TEST(RateSuggestion, IsWhereTheLossFallsMost) {
    // The lowest is 1 at a rate of 1, a tenth of which is above the steepest, 0.001.
    const RateSuggestion found =
        suggest_rate(curve([](double d) { return slide(d, -3) + std::max(0.0, d - 0); }));
    EXPECT_NEAR(found.rate.value(), 1e-3, 1e-9);
    EXPECT_NEAR(found.steepest.value(), 1e-3, 1e-9);
    EXPECT_NEAR(found.lowest.value(), 1, 1e-6);
    EXPECT_FALSE(found.burst);
    EXPECT_EQ(found.reason,
              "steepest descent at 0.001; a tenth of the rate 1 at which the loss begins to rise: 0.1");
}

TEST(RateSuggestion, IsATenthOfTheLowestWhereThatIsSmaller) {
    const RateSuggestion found = suggest_rate(
        curve([](double d) { return slide(d, -1) + 100 * std::max(0.0, d + 0.7); }, SweepEnd::exploded));
    EXPECT_NEAR(found.lowest.value(), std::pow(10, -0.7), 1e-9);
    EXPECT_NEAR(found.rate.value(), std::pow(10, -1.7), 1e-9);
    EXPECT_NEAR(found.burst.value(), 10, 1e-9);
}

TEST(RateSuggestion, OfALossThatStillFallsIsTheSteepest) {
    const RateSuggestion found = suggest_rate(curve([](double d) { return slide(d, 0.6); }));
    EXPECT_NEAR(found.rate.value(), std::pow(10, 0.6), 1e-6);
    EXPECT_THAT(found.reason, HasSubstr("larger rates may be better"));
}

TEST(RateSuggestion, SaysThatItFallsFromTheFirstRatesOn) {
    const RateSuggestion found =
        suggest_rate(curve([](double d) { return slide(d, -6.4) + std::max(0.0, d); }));
    EXPECT_THAT(found.reason, HasSubstr("from the first rates on"));
}

TEST(RateSuggestion, ThereIsNoneWhereTheLossNeverFalls) {
    for (const auto& loss : std::vector<std::function<double(double)>>{
             [](double) { return 2.0; }, [](double d) { return 2 + std::max(0.0, d); },
             [](double d) { return 2 + 0.1 * std::sin(50 * d); },  // noise
             [](double d) { return 2 - 0.001 * (d + 7); }}) {      // less than 1 %
        const RateSuggestion found = suggest_rate(curve(loss));
        EXPECT_FALSE(found.rate) << *found.rate;
        EXPECT_THAT(found.reason, HasSubstr("the loss never falls"));
    }
}

TEST(RateSuggestion, IsFromWhatCameBeforeALossThatIsNotFinite) {
    RateSweep sweep =
        curve([](double d) { return slide(d, -3) + std::max(0.0, d + 2); }, SweepEnd::not_finite);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    sweep.rows.resize(60);
    sweep.rows.back() = {sweep.rows.back().rate, nan, nan};
    const RateSuggestion found = suggest_rate(sweep);
    EXPECT_NEAR(found.rate.value(), 1e-3, 1e-9);
    EXPECT_EQ(found.burst, sweep.rows.back().rate);
}

TEST(RateSuggestion, ThereIsNoneOfALossThatIsNeverFinite) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const RateSweep sweep{.rows = {{1e-7, nan, nan}}, .end = SweepEnd::not_finite};
    const RateSuggestion found = suggest_rate(sweep);
    EXPECT_FALSE(found.rate);
    EXPECT_EQ(found.reason, "the loss is not finite after 0 updates, at the rate 1e-07");
}

TEST(RateSuggestion, ThereIsNoneOfASweepThatWasStoppedAtOnce) {
    EXPECT_EQ(suggest_rate({.rows = {}, .end = SweepEnd::interrupted}).reason,
              "the sweep ended after 0 updates");
}

}  // namespace
}  // namespace ravine::test
