#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "ravine/core/error.hpp"
#include "ravine/optim/rates/schedules.hpp"

namespace ravine {
namespace {

Schedule schedule_named(const std::string& text) { return make_schedule(text); }

/// An epoch of `updates`.
RunLength epochs_of(int64_t updates) { return {.per_epoch = updates}; }

void expect_refused(const std::string& text, const std::string& part) {
    try {
        make_schedule(text);
        FAIL() << text;
    } catch (const RequestError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr(part)) << text;
    }
}

TEST(Schedules, EveryOneBeginsAtOneAndSaysWhetherItMeetsRobbinsAndMonro) {
    for (const auto& entry : schedules().entries()) {
        const Schedule schedule = schedule_named(entry.name);
        // Two of them rise to it: the cycle by half of its 2 epochs.
        const int64_t first = entry.name == "warmup" ? 500 : entry.name == "cyclical" ? 40 : 0;
        EXPECT_DOUBLE_EQ(schedule(first, {900, 20}), 1) << entry.name;
        EXPECT_THAT(entry.formula, testing::HasSubstr("Robbins-Monro: ")) << entry.name;
        EXPECT_FALSE(entry.summary.empty() || entry.source.empty()) << entry.name;
        for (int64_t k = 0; k < 1000; k += 7) {
            EXPECT_GE(schedule(k, {900, 20}), 0) << entry.name;
            EXPECT_LE(schedule(k, {900, 20}), 1) << entry.name;
        }
    }
}

TEST(Schedules, Constant) {
    EXPECT_EQ(schedule_named("constant")(0, {}), 1);
    EXPECT_EQ(schedule_named("constant")(1000, {10}), 1);
}

TEST(Schedules, LinearFallsToItsEndAndStays) {
    const Schedule own = schedule_named("linear:end=0.2,steps=10");
    EXPECT_DOUBLE_EQ(own(5, {1000}), 0.6);
    EXPECT_DOUBLE_EQ(own(10, {1000}), 0.2);
    EXPECT_DOUBLE_EQ(own(999, {1000}), 0.2);
    const Schedule whole = schedule_named("linear");
    EXPECT_DOUBLE_EQ(whole(50, {101}), 0.505);  // half way to 1 %
    EXPECT_DOUBLE_EQ(whole(100, {101}), 0.01);
    const std::vector<double> ten{1, 0.89, 0.78, 0.67, 0.56, 0.45, 0.34, 0.23, 0.12, 0.01};
    for (int64_t k = 0; k < 10; ++k) EXPECT_NEAR(whole(k, {10}), ten[static_cast<size_t>(k)], 1e-15);
}

TEST(Schedules, TheLastUpdateHasTheLastMultiplier) {
    for (const int64_t total : {2, 3, 5, 10, 14, 1000}) {
        for (const auto& [spec, last] : {std::pair{"linear", 0.01},
                                         {"polynomial:end=0.2", 0.2},
                                         {"cosine:end=0.3", 0.3},
                                         {"cosine", 0.0},
                                         {"step", 0.01},
                                         {"exponential", 0.001}}) {
            EXPECT_DOUBLE_EQ(schedule_named(spec)(total - 1, {total}),
                             total == 2 && spec == std::string("step") ? 0.1 : last)
                << spec << " of " << total;
            const std::string warm =
                std::string(spec) + (std::string(spec).find(':') < 99 ? "," : ":") + "warmup=7";
            EXPECT_DOUBLE_EQ(schedule_named(warm)(total + 6, {total + 7}),
                             schedule_named(spec)(total - 1, {total}))
                << warm;
        }
    }
    // A run of one update is at the beginning.
    for (const char* spec : {"linear", "polynomial", "cosine", "step", "exponential"})
        EXPECT_EQ(schedule_named(spec)(0, {1}), 1) << spec;
}

TEST(Schedules, Polynomial) {
    const Schedule schedule = schedule_named("polynomial:power=3,end=0.5,steps=4");
    EXPECT_DOUBLE_EQ(schedule(2, {}), 0.5 + 0.5 * 0.125);
    EXPECT_DOUBLE_EQ(schedule(8, {}), 0.5);
    for (int64_t k = 0; k < 12; ++k)
        EXPECT_DOUBLE_EQ(schedule_named("polynomial:power=1,end=0.1,steps=9")(k, {}),
                         schedule_named("linear:end=0.1,steps=9")(k, {}));
}

TEST(Schedules, InverseTimeIsKerassDecay) {
    const Schedule schedule = schedule_named("inverse-time:beta=250");
    EXPECT_DOUBLE_EQ(schedule(250, {}), 0.5);
    for (int64_t k = 0; k < 1000; k += 99) EXPECT_DOUBLE_EQ(schedule(k, {}), 1 / (1 + 0.004 * k));
}

TEST(Schedules, StepDropsAtOnce) {
    const Schedule own = schedule_named("step:factor=0.5,every=10");
    EXPECT_EQ(own(9, {}), 1);
    EXPECT_EQ(own(10, {}), 0.5);
    EXPECT_EQ(own(39, {}), 0.125);
    const Schedule thirds = schedule_named("step");
    EXPECT_DOUBLE_EQ(thirds(29, {90}), 1);
    EXPECT_DOUBLE_EQ(thirds(30, {90}), 0.1);
    EXPECT_DOUBLE_EQ(thirds(89, {90}), 0.01);
}

// Where thirds are no whole numbers: of 14 updates 5, 5 and 4, of 5 updates 2, 2 and 1.
TEST(Schedules, StepDropsAtTheThirdsOfAnyRun) {
    const Schedule thirds = schedule_named("step");
    for (int64_t k = 0; k < 14; ++k) EXPECT_DOUBLE_EQ(thirds(k, {14}), k < 5 ? 1 : k < 10 ? 0.1 : 0.01) << k;
    for (int64_t k = 0; k < 5; ++k) EXPECT_DOUBLE_EQ(thirds(k, {5}), k < 2 ? 1 : k < 4 ? 0.1 : 0.01) << k;
    for (int64_t total = 1; total < 200; ++total)
        for (int64_t k = 0; k < total; ++k)
            EXPECT_DOUBLE_EQ(thirds(k, {total}), 3 * k < total ? 1 : 3 * k < 2 * total ? 0.1 : 0.01);
}

TEST(Schedules, ExponentialFallsByTheSameShare) {
    const Schedule schedule = schedule_named("exponential:factor=0.5,every=10");
    EXPECT_DOUBLE_EQ(schedule(10, {}), 0.5);
    EXPECT_DOUBLE_EQ(schedule(20, {}), 0.25);
    EXPECT_NEAR(schedule(4, {}) / schedule(3, {}), std::pow(0.5, 0.1), 1e-15);
    EXPECT_NEAR(schedule_named("exponential")(30, {91}), 0.1,
                1e-15);  // a third of the way to the last update
}

TEST(Schedules, CosineIsHalfAWave) {
    const Schedule schedule = schedule_named("cosine:end=0.1,steps=6");
    EXPECT_DOUBLE_EQ(schedule(2, {}), 0.1 + 0.9 * 0.75);
    EXPECT_DOUBLE_EQ(schedule(3, {}), 0.55);
    EXPECT_DOUBLE_EQ(schedule(6, {}), 0.1);
    EXPECT_DOUBLE_EQ(schedule(60, {}), 0.1);
    EXPECT_NEAR(schedule_named("cosine")(25, {101}), (1 + std::numbers::sqrt2 / 2) / 2, 1e-15);
}

TEST(Schedules, WarmupRisesToTheFullRate) {
    const Schedule schedule = schedule_named("warmup:steps=4");
    EXPECT_DOUBLE_EQ(schedule(0, {}), 0.2);
    EXPECT_DOUBLE_EQ(schedule(3, {}), 0.8);
    EXPECT_DOUBLE_EQ(schedule(4, {}), 1);
    EXPECT_DOUBLE_EQ(schedule(5, {}), 1);
    EXPECT_DOUBLE_EQ(schedule_named("warmup:steps=1,start=0.5")(0, {}), 0.75);
}

TEST(Schedules, WarmupComesBeforeAnyOther) {
    const Schedule warm = schedule_named("linear:end=0,warmup=4"), cold = schedule_named("linear:end=0");
    for (int64_t k = 0; k < 4; ++k) EXPECT_DOUBLE_EQ(warm(k, {24}), 0.2 * static_cast<double>(k + 1));
    for (int64_t k = 4; k < 30; ++k) EXPECT_DOUBLE_EQ(warm(k, {24}), cold(k - 4, {20}));
    EXPECT_DOUBLE_EQ(schedule_named("inverse-time:beta=10,warmup=4")(14, {}), 0.5);
}

TEST(Schedules, AWarmupLongerThanTheRunStillDivides) {
    const Schedule schedule = schedule_named("cosine:warmup=100");
    for (int64_t k = 0; k < 120; ++k) EXPECT_TRUE(std::isfinite(schedule(k, {10})));
}

TEST(Schedules, AWarmupLongerThanTheRunIsSaid) {
    EXPECT_EQ(
        schedule_note(schedule_named("cosine:warmup=99"), {10}),
        "schedule: the warm-up takes 99 updates and the run has 10: it ends at 10 % of the learning rate");
    EXPECT_THAT(schedule_note(schedule_named("warmup:steps=10"), {10}), testing::HasSubstr("ends at 90.9 %"));
    EXPECT_EQ(schedule_note(schedule_named("warmup:steps=9"), {10}), "");
    EXPECT_EQ(schedule_note(schedule_named("cosine"), {10}), "");
    EXPECT_EQ(schedule_note(schedule_named("warmup:steps=9"), {}), "");
}

TEST(Schedules, ExtremeSettingsStayNumbers) {
    for (const char* spec :
         {"warmup:steps=9223372036854775807", "linear:warmup=9223372036854775807",
          "cosine:steps=9223372036854775807", "step:every=9223372036854775807,factor=1e-300",
          "exponential:factor=1e-308,every=1", "polynomial:power=1e308", "inverse-time:beta=1e-308",
          "cyclical:steps=9223372036854775807", "cyclical:epochs=1e308", "cyclical:epochs=1e-308,decay=halve",
          "sgdr:period=9223372036854775807", "sgdr:period=1,multiplier=9223372036854775807",
          "sgdr:period=1,multiplier=1,unit=steps", "sgdr:period=1,unit=steps",
          "warmup:steps=9223372036854775807+linear:steps=9223372036854775807+sgdr"})
        for (const int64_t total : {int64_t{1}, int64_t{10}, INT64_MAX})
            for (const int64_t k : {int64_t{}, int64_t{9}, INT64_MAX - 1}) {
                const double multiplier = schedule_named(spec)(k, {total, 1000});
                EXPECT_TRUE(multiplier >= 0 && multiplier <= 1) << spec << " " << k << " " << total;
            }
}

TEST(Schedules, SayWhatIsMissingWhereTheRunHasNoLength) {
    for (const std::string name : {"linear", "cosine", "polynomial", "step", "exponential"}) {
        try {
            schedule_named(name)(0, {});
            FAIL() << name;
        } catch (const RequestError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr("length of the run")) << name;
        }
    }
    EXPECT_NO_THROW(schedule_named("linear:steps=5")(0, {}));
}

// PyTorch 1.13's CyclicLR(SGD, base_lr=0.001, max_lr=0.006, step_size_up=4, cycle_momentum=False), gamma=0.9.
TEST(Schedules, CyclicalIsPyTorchs) {
    const std::vector<double> triangular{0.001,   0.00225, 0.0035,  0.00475, 0.006,   0.00475, 0.0035,
                                         0.00225, 0.001,   0.00225, 0.0035,  0.00475, 0.006,   0.00475,
                                         0.0035,  0.00225, 0.001,   0.00225, 0.0035,  0.00475, 0.006},
        triangular2{0.001,   0.00225,  0.0035,   0.00475,   0.006,    0.00475,   0.0035,
                    0.00225, 0.001,    0.001625, 0.00225,   0.002875, 0.0035,    0.002875,
                    0.00225, 0.001625, 0.001,    0.0013125, 0.001625, 0.0019375, 0.00225},
        exp_range{0.001,
                  0.002125,
                  0.003025,
                  0.00373375,
                  0.0042805,
                  0.0032143375,
                  0.0023286025,
                  0.001597871125,
                  0.001,
                  0.00148427561125,
                  0.00187169610025,
                  0.0021767897353375,
                  0.0024121476824050005,
                  0.0019531996856233754,
                  0.0015719198113740252,
                  0.0012573639151183115,
                  0.001,
                  0.0012084647712458322,
                  0.0013752365882424978,
                  0.0015065693941273724,
                  0.0016078832729528468};
    const std::string low = format_number(0.001 / 0.006);
    const auto expect = [&](const std::string& decay, const std::vector<double>& rates) {
        const Schedule in_steps = schedule_named("cyclical:steps=4,low=" + low + decay),
                       in_epochs = schedule_named("cyclical:epochs=2,low=" + low + decay);
        for (size_t k = 0; k < rates.size(); ++k) {
            EXPECT_NEAR(0.006 * in_steps(static_cast<int64_t>(k), {}), rates[k], 1e-17) << decay << " " << k;
            EXPECT_EQ(in_epochs(static_cast<int64_t>(k), epochs_of(2)),
                      in_steps(static_cast<int64_t>(k), {}));
        }
    };
    expect("", triangular);
    expect(",decay=halve", triangular2);
    expect(",decay=exponential,gamma=0.9", exp_range);
}

// PyTorch 1.13's CosineAnnealingWarmRestarts(SGD of 0.2, T_0=2, T_mult=2, eta_min=0.01), asked in each third
// of an epoch: step(epoch + i / 3).
TEST(Schedules, SgdrIsPyTorchsInFractionsOfAnEpoch) {
    const std::vector<double> rates{0.2,
                                    0.1872724133595217,
                                    0.1525,
                                    0.105,
                                    0.0575,
                                    0.022727586640478345,
                                    0.2,
                                    0.19676295349746148,
                                    0.1872724133595217,
                                    0.172175144212722,
                                    0.1525,
                                    0.1295878092847395,
                                    0.105,
                                    0.08041219071526055,
                                    0.0575,
                                    0.03782485578727799,
                                    0.022727586640478345,
                                    0.01323704650253851,
                                    0.2,
                                    0.199187261830512,
                                    0.19676295349746148};
    const Schedule in_epochs = schedule_named("sgdr:period=2,minimum=0.05"),
                   in_steps = schedule_named("sgdr:period=6,minimum=0.05,unit=steps");
    for (size_t k = 0; k < rates.size(); ++k) {
        EXPECT_NEAR(0.2 * in_epochs(static_cast<int64_t>(k), epochs_of(3)), rates[k], 1e-16) << k;
        EXPECT_EQ(in_steps(static_cast<int64_t>(k), {}), in_epochs(static_cast<int64_t>(k), epochs_of(3)));
    }
}

TEST(Schedules, SgdrRestartsWhereThePaperDoes) {
    const auto restarts = [](const std::string& text, int64_t per_epoch) {
        const Schedule schedule = schedule_named(text);
        std::vector<int64_t> epochs;
        for (int64_t k = 1; k < 160 * per_epoch; ++k) {
            const double now = schedule(k, epochs_of(per_epoch)),
                         before = schedule(k - 1, epochs_of(per_epoch));
            EXPECT_NE(now, before) << k;  // the rate moves in every update
            if (now <= before) continue;
            EXPECT_EQ(now, 1);
            EXPECT_EQ(k % per_epoch, 0);
            epochs.push_back(k / per_epoch);
        }
        return epochs;
    };
    EXPECT_THAT(restarts("sgdr", 7), testing::ElementsAre(10, 30, 70, 150));
    EXPECT_THAT(restarts("sgdr:period=40,multiplier=1", 3), testing::ElementsAre(40, 80, 120));
    EXPECT_THAT(restarts("sgdr:period=15,multiplier=3", 3), testing::ElementsAre(15, 60));
    EXPECT_THAT(restarts("sgdr:period=25,multiplier=2,unit=steps", 1), testing::ElementsAre(25, 75));
}

TEST(Schedules, ThoseInEpochsSayWhatIsMissingWhereAnEpochIsNotKnown) {
    for (const auto& [text, instead] :
         {std::pair{"cyclical", "'steps'"}, {"sgdr", "'unit=steps'"}, {"warmup+sgdr", "'unit=steps'"}}) {
        try {
            schedule_named(text)(0, {100});
            FAIL() << text;
        } catch (const RequestError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr("updates of an epoch are not known")) << text;
            EXPECT_THAT(error.what(), testing::HasSubstr(instead)) << text;
        }
    }
}

TEST(Schedules, PartsFollowEachOther) {
    const Schedule all = schedule_named("warmup:steps=4+constant:steps=6+linear:end=0,steps=5+cosine");
    for (int64_t k = 0; k < 4; ++k) EXPECT_DOUBLE_EQ(all(k, {40}), 0.2 * static_cast<double>(k + 1));
    for (int64_t k = 4; k < 10; ++k) EXPECT_EQ(all(k, {40}), 1);
    for (int64_t k = 10; k < 15; ++k) EXPECT_DOUBLE_EQ(all(k, {40}), 1 - static_cast<double>(k - 10) / 5);
    for (int64_t k = 15; k < 50; ++k)  // what is left of the run
        EXPECT_EQ(all(k, {40}), schedule_named("cosine")(k - 15, {25}));
    EXPECT_EQ(all(39, {40}), 0);
    // An epoch has the same updates in every part.
    const Schedule restarts = schedule_named("warmup:steps=4+sgdr:period=1");
    EXPECT_EQ(restarts(4 + 3 + 6, epochs_of(3)), 1);
    EXPECT_EQ(restarts(4 + 5, epochs_of(3)), schedule_named("sgdr:period=1")(5, epochs_of(3)));
}

TEST(Schedules, AWarmupBeforeAnotherHasTwoSpellings) {
    const Schedule parts = schedule_named("warmup:steps=7+cosine:end=0.1"),
                   setting = schedule_named("cosine:end=0.1,warmup=7"),
                   in_code = in_turn({WarmupSchedule{.steps = 7}, CosineSchedule{.end = 0.1}});
    for (int64_t k = 0; k < 30; ++k) {
        EXPECT_EQ(parts(k, {25}), setting(k, {25}));
        EXPECT_EQ(parts(k, {25}), in_code(k, {25}));
    }
    EXPECT_EQ(schedule_named("warmup:steps=0+cosine")(3, {25}), schedule_named("cosine")(3, {25}));
    EXPECT_EQ(schedule_named("warmup:steps=4+cosine:steps=9").length, 13);
    EXPECT_EQ(schedule_named("linear:steps=9,warmup=4").length, 13);
}

TEST(Schedules, OnlyWhatEndsIsFollowedByAnother) {
    for (const char* first :
         {"step:every=10", "cosine", "constant", "inverse-time", "sgdr", "cyclical:steps=3"})
        expect_refused(std::string(first) + "+linear",
                       "'" + std::string(first) + "' has no end after which 'linear' could begin");
    expect_refused("warmup+constant+linear", "'constant' has no end");
    expect_refused("warmup+", "joined by '+'");
    expect_refused("warmup+cosin", "did you mean 'cosine'");
    expect_refused("sgdr:period=0", "at least 1");
    expect_refused("sgdr:multiplier=0", "at least 1");
    expect_refused("cyclical:decay=half", "did you mean 'halve'");
    EXPECT_EQ(schedule_named("inverse-time:beta=1e+3")(1000, {}), 0.5);  // the '+' of a number
}

TEST(Schedules, APartThatTheRunDoesNotReachIsSaid) {
    const Schedule schedule = schedule_named("warmup:steps=5+constant:steps=20+cosine");
    EXPECT_EQ(schedule_note(schedule, {26}), "");
    EXPECT_EQ(schedule_note(schedule, {25}),
              "schedule: its last part begins after 25 updates and the run has 25: it never comes to it");
    EXPECT_THAT(schedule_note(schedule, {5}), testing::HasSubstr("the warm-up takes 5 updates"));
}

}  // namespace
}  // namespace ravine
