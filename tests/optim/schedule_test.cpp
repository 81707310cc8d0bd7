#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "ravine/core/error.hpp"
#include "ravine/optim/schedules.hpp"

namespace ravine {
namespace {

Schedule schedule_named(const std::string& spec) { return schedules().make(Spec::parse(spec)); }

TEST(Schedules, EveryOneBeginsAtOneAndSaysWhetherItMeetsRobbinsAndMonro) {
    for (const auto& entry : schedules().entries()) {
        const Schedule schedule = schedule_named(entry.name);
        EXPECT_DOUBLE_EQ(schedule(entry.name == "warmup" ? 500 : 0, 900), 1) << entry.name;
        EXPECT_THAT(entry.formula, testing::HasSubstr("Robbins-Monro: ")) << entry.name;
        EXPECT_FALSE(entry.summary.empty() || entry.source.empty()) << entry.name;
        for (int64_t k = 0; k < 1000; k += 7) {
            EXPECT_GE(schedule(k, 900), 0) << entry.name;
            EXPECT_LE(schedule(k, 900), 1) << entry.name;
        }
    }
}

TEST(Schedules, Constant) {
    EXPECT_EQ(schedule_named("constant")(0, 0), 1);
    EXPECT_EQ(schedule_named("constant")(1000, 10), 1);
}

TEST(Schedules, LinearFallsToItsEndAndStays) {
    const Schedule own = schedule_named("linear:end=0.2,steps=10");
    EXPECT_DOUBLE_EQ(own(5, 1000), 0.6);
    EXPECT_DOUBLE_EQ(own(10, 1000), 0.2);
    EXPECT_DOUBLE_EQ(own(999, 1000), 0.2);
    const Schedule whole = schedule_named("linear");
    EXPECT_DOUBLE_EQ(whole(50, 100), 0.505);  // half way to 1 %
    EXPECT_DOUBLE_EQ(whole(100, 100), 0.01);
}

TEST(Schedules, Polynomial) {
    const Schedule schedule = schedule_named("polynomial:power=3,end=0.5,steps=4");
    EXPECT_DOUBLE_EQ(schedule(2, 0), 0.5 + 0.5 * 0.125);
    EXPECT_DOUBLE_EQ(schedule(8, 0), 0.5);
    for (int64_t k = 0; k < 12; ++k)
        EXPECT_DOUBLE_EQ(schedule_named("polynomial:power=1,end=0.1,steps=9")(k, 0),
                         schedule_named("linear:end=0.1,steps=9")(k, 0));
}

TEST(Schedules, InverseTimeIsKerassDecay) {
    const Schedule schedule = schedule_named("inverse-time:beta=250");
    EXPECT_DOUBLE_EQ(schedule(250, 0), 0.5);
    for (int64_t k = 0; k < 1000; k += 99) EXPECT_DOUBLE_EQ(schedule(k, 0), 1 / (1 + 0.004 * k));
}

TEST(Schedules, StepDropsAtOnce) {
    const Schedule own = schedule_named("step:factor=0.5,every=10");
    EXPECT_EQ(own(9, 0), 1);
    EXPECT_EQ(own(10, 0), 0.5);
    EXPECT_EQ(own(39, 0), 0.125);
    const Schedule thirds = schedule_named("step");
    EXPECT_DOUBLE_EQ(thirds(29, 90), 1);
    EXPECT_DOUBLE_EQ(thirds(30, 90), 0.1);
    EXPECT_DOUBLE_EQ(thirds(89, 90), 0.01);
}

TEST(Schedules, ExponentialFallsByTheSameShare) {
    const Schedule schedule = schedule_named("exponential:factor=0.5,every=10");
    EXPECT_DOUBLE_EQ(schedule(10, 0), 0.5);
    EXPECT_DOUBLE_EQ(schedule(20, 0), 0.25);
    EXPECT_NEAR(schedule(4, 0) / schedule(3, 0), std::pow(0.5, 0.1), 1e-15);
}

TEST(Schedules, CosineIsHalfAWave) {
    const Schedule schedule = schedule_named("cosine:end=0.1,steps=6");
    EXPECT_DOUBLE_EQ(schedule(2, 0), 0.1 + 0.9 * 0.75);
    EXPECT_DOUBLE_EQ(schedule(3, 0), 0.55);
    EXPECT_DOUBLE_EQ(schedule(6, 0), 0.1);
    EXPECT_DOUBLE_EQ(schedule(60, 0), 0.1);
    EXPECT_NEAR(schedule_named("cosine")(25, 100), (1 + std::numbers::sqrt2 / 2) / 2, 1e-15);
}

TEST(Schedules, WarmupRisesToTheFullRate) {
    const Schedule schedule = schedule_named("warmup:steps=4");
    EXPECT_DOUBLE_EQ(schedule(0, 0), 0.2);
    EXPECT_DOUBLE_EQ(schedule(3, 0), 0.8);
    EXPECT_DOUBLE_EQ(schedule(4, 0), 1);
    EXPECT_DOUBLE_EQ(schedule(5, 0), 1);
    EXPECT_DOUBLE_EQ(schedule_named("warmup:steps=1,start=0.5")(0, 0), 0.75);
}

TEST(Schedules, WarmupComesBeforeAnyOther) {
    const Schedule warm = schedule_named("linear:end=0,warmup=4"), cold = schedule_named("linear:end=0");
    for (int64_t k = 0; k < 4; ++k) EXPECT_DOUBLE_EQ(warm(k, 24), 0.2 * static_cast<double>(k + 1));
    for (int64_t k = 4; k < 30; ++k) EXPECT_DOUBLE_EQ(warm(k, 24), cold(k - 4, 20));
    EXPECT_DOUBLE_EQ(schedule_named("inverse-time:beta=10,warmup=4")(14, 0), 0.5);
}

TEST(Schedules, AWarmupLongerThanTheRunStillDivides) {
    const Schedule schedule = schedule_named("cosine:warmup=100");
    for (int64_t k = 0; k < 120; ++k) EXPECT_TRUE(std::isfinite(schedule(k, 10)));
}

TEST(Schedules, SayWhatIsMissingWhereTheRunHasNoLength) {
    for (const std::string name : {"linear", "cosine", "polynomial", "step", "exponential"}) {
        try {
            schedule_named(name)(0, 0);
            FAIL() << name;
        } catch (const RequestError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr("length of the run")) << name;
        }
    }
    EXPECT_NO_THROW(schedule_named("linear:steps=5")(0, 0));
}

}  // namespace
}  // namespace ravine
