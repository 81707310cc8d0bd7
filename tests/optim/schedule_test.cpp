#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "ravine/core/error.hpp"
#include "ravine/optim/rates/schedules.hpp"

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
    EXPECT_DOUBLE_EQ(whole(50, 101), 0.505);  // half way to 1 %
    EXPECT_DOUBLE_EQ(whole(100, 101), 0.01);
    const std::vector<double> ten{1, 0.89, 0.78, 0.67, 0.56, 0.45, 0.34, 0.23, 0.12, 0.01};
    for (int64_t k = 0; k < 10; ++k) EXPECT_NEAR(whole(k, 10), ten[static_cast<size_t>(k)], 1e-15);
}

TEST(Schedules, TheLastUpdateHasTheLastMultiplier) {
    for (const int64_t total : {2, 3, 5, 10, 14, 1000}) {
        for (const auto& [spec, last] : {std::pair{"linear", 0.01},
                                         {"polynomial:end=0.2", 0.2},
                                         {"cosine:end=0.3", 0.3},
                                         {"cosine", 0.0},
                                         {"step", 0.01},
                                         {"exponential", 0.001}}) {
            EXPECT_DOUBLE_EQ(schedule_named(spec)(total - 1, total),
                             total == 2 && spec == std::string("step") ? 0.1 : last)
                << spec << " of " << total;
            const std::string warm =
                std::string(spec) + (std::string(spec).find(':') < 99 ? "," : ":") + "warmup=7";
            EXPECT_DOUBLE_EQ(schedule_named(warm)(total + 6, total + 7),
                             schedule_named(spec)(total - 1, total))
                << warm;
        }
    }
    // A run of one update is at the beginning.
    for (const char* spec : {"linear", "polynomial", "cosine", "step", "exponential"})
        EXPECT_EQ(schedule_named(spec)(0, 1), 1) << spec;
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

// Where thirds are no whole numbers: of 14 updates 5, 5 and 4, of 5 updates 2, 2 and 1.
TEST(Schedules, StepDropsAtTheThirdsOfAnyRun) {
    const Schedule thirds = schedule_named("step");
    for (int64_t k = 0; k < 14; ++k) EXPECT_DOUBLE_EQ(thirds(k, 14), k < 5 ? 1 : k < 10 ? 0.1 : 0.01) << k;
    for (int64_t k = 0; k < 5; ++k) EXPECT_DOUBLE_EQ(thirds(k, 5), k < 2 ? 1 : k < 4 ? 0.1 : 0.01) << k;
    for (int64_t total = 1; total < 200; ++total)
        for (int64_t k = 0; k < total; ++k)
            EXPECT_DOUBLE_EQ(thirds(k, total), 3 * k < total ? 1 : 3 * k < 2 * total ? 0.1 : 0.01);
}

TEST(Schedules, ExponentialFallsByTheSameShare) {
    const Schedule schedule = schedule_named("exponential:factor=0.5,every=10");
    EXPECT_DOUBLE_EQ(schedule(10, 0), 0.5);
    EXPECT_DOUBLE_EQ(schedule(20, 0), 0.25);
    EXPECT_NEAR(schedule(4, 0) / schedule(3, 0), std::pow(0.5, 0.1), 1e-15);
    EXPECT_NEAR(schedule_named("exponential")(30, 91), 0.1, 1e-15);  // a third of the way to the last update
}

TEST(Schedules, CosineIsHalfAWave) {
    const Schedule schedule = schedule_named("cosine:end=0.1,steps=6");
    EXPECT_DOUBLE_EQ(schedule(2, 0), 0.1 + 0.9 * 0.75);
    EXPECT_DOUBLE_EQ(schedule(3, 0), 0.55);
    EXPECT_DOUBLE_EQ(schedule(6, 0), 0.1);
    EXPECT_DOUBLE_EQ(schedule(60, 0), 0.1);
    EXPECT_NEAR(schedule_named("cosine")(25, 101), (1 + std::numbers::sqrt2 / 2) / 2, 1e-15);
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

TEST(Schedules, AWarmupLongerThanTheRunIsSaid) {
    EXPECT_EQ(
        warmup_note(schedule_named("cosine:warmup=99"), 10),
        "schedule: the warm-up takes 99 updates and the run has 10: it ends at 10 % of the learning rate");
    EXPECT_THAT(warmup_note(schedule_named("warmup:steps=10"), 10), testing::HasSubstr("ends at 90.9 %"));
    EXPECT_EQ(warmup_note(schedule_named("warmup:steps=9"), 10), "");
    EXPECT_EQ(warmup_note(schedule_named("cosine"), 10), "");
    EXPECT_EQ(warmup_note(schedule_named("warmup:steps=9"), 0), "");
}

TEST(Schedules, ExtremeSettingsStayNumbers) {
    for (const char* spec :
         {"warmup:steps=9223372036854775807", "linear:warmup=9223372036854775807",
          "cosine:steps=9223372036854775807", "step:every=9223372036854775807,factor=1e-300",
          "exponential:factor=1e-308,every=1", "polynomial:power=1e308", "inverse-time:beta=1e-308"})
        for (const int64_t total : {int64_t{1}, int64_t{10}, INT64_MAX})
            for (const int64_t k : {int64_t{0}, int64_t{9}, INT64_MAX - 1}) {
                const double multiplier = schedule_named(spec)(k, total);
                EXPECT_TRUE(multiplier >= 0 && multiplier <= 1) << spec << " " << k << " " << total;
            }
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
