#include "ravine/lab/experiment/training_options.hpp"
#include "ravine/lab/study/trial_store.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine {
namespace {

using namespace test;

using HandedOverRun = RunTest;

/// A run of 18 updates, 6 an epoch, of which Adam makes the last.
Experiment handing_over(const std::string& when) {
    Experiment e = small_experiment();
    e.optimizer = "momentum";
    e.schedule = "linear";
    e.rate = "exact-newton";
    e.then = "adam:learning_rate=settled";
    e.hand_over = when;
    return e;
}

TEST_F(HandedOverRun, ResumesBitForBitInEitherPartAndBetween) {
    for (const char* when : {"epochs:count=2", "updates:count=9"}) {
        SCOPED_TRACE(when);
        const TemporaryFolder at;
        const auto named = [&](const char* name) {
            return RunFolder::create((at.path() / name).string(), "");
        };
        const RunFolder whole = named("whole"), cut = named("cut");
        const Experiment e = handing_over(when);
        train_in(whole, e);
        InterruptAfter first(5), between(std::string(when).starts_with("epochs") ? 12 : 9), second(15);
        train_in(cut, e, {&first});
        const auto nothing = [](Experiment&) {};
        resume_in(cut, nothing, {&between});
        resume_in(cut, nothing, {&second});
        EXPECT_EQ(summary_of(cut)["steps"], 15);
        resume_in(cut);
        EXPECT_EQ(contents_of(cut.model()), contents_of(whole.model()));
        EXPECT_EQ(summary_of(cut)["handed_over_after"], between.step);
        EXPECT_EQ(summary_of(cut)["learned_rate"], summary_of(whole)["learned_rate"]);
        EXPECT_EQ(summary_of(whole)["updates"], 18);
        EXPECT_EQ(summary_of(whole)["learned_rate"]["updates"], between.step);  // a window has at least 20
        EXPECT_EQ(summary_of(whole)["learned_rate"]["settled"], false);
    }
}

TEST_F(HandedOverRun, ASettledRateIsHandedOver) {
    // Whatever rates there are agree within such a tolerance: after three windows.
    Experiment e = handing_over("settled:window=2,tolerance=1e9");
    e.schedule = "constant";
    e.log_every = 1;
    const RunFolder at = folder("settled");
    train_in(at, e);
    const Json summary = summary_of(at);
    EXPECT_EQ(summary["handed_over_after"], 6);
    EXPECT_EQ(summary["learned_rate"]["settled"], true);
    for (const Json& line : metrics_of(at))
        if (line.contains("learning_rate") && line["step"] > 6) {
            EXPECT_EQ(line["learning_rate"], summary["learned_rate"]["median"]);
        }
}

TEST_F(HandedOverRun, ARateOfItsOwnIsRecommendedWithoutAHandOverToo) {
    Experiment e = small_experiment();
    e.optimizer = "sgd";
    e.rate = "exact-newton";
    const RunFolder learned = folder("learned"), constant = folder("constant");
    train_in(learned, e);
    EXPECT_GT(summary_of(learned)["learned_rate"]["median"], 0);
    EXPECT_FALSE(summary_of(learned).contains("handed_over_after"));
    e.rate = "constant";
    train_in(constant, e);
    EXPECT_FALSE(summary_of(constant).contains("learned_rate"));
}

TEST(HandOverSettings, WhatMakesNoSenseIsRefusedBeforeTheData) {
    const auto refused = [](const std::string& then, const std::string& when,
                            const std::vector<std::string>& parts) {
        Experiment e = small_experiment();
        e.dataset = "nowhere.csv";
        e.then = then;
        e.hand_over = when;
        expect_error(
            2, [&] { training_options(e); }, parts);
    };
    refused("none", "epochs:count=0", {"epochs:count", "'0'"});
    refused("adam", "settled", {"--hand-over settled", "learned"});
    refused("adam:learning_rate=settled", "epochs", {"learning_rate=settled", "learned"});
    refused("adma", "epochs", {"unknown optimizer 'adma'", "'adam'"});
    refused("adam", "epoch", {"unknown hand-over 'epoch'", "'epochs'"});
    refused("adam", "settled:tolerance=-1", {"settled:tolerance", "'-1'"});
}

TEST(HandOverSettings, AConditionAloneIsNoted) {
    Experiment e = small_experiment();
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::IsEmpty());
    e.hand_over = "epochs:count=2";
    EXPECT_THAT(ravine::Run(e, say_nothing).notes(), testing::Contains(testing::HasSubstr("--then")));
}

// Trials that were made before there was a hand-over are found again.
TEST(HandOverSettings, TrialsWithoutOneKeepTheirNames) {
    Experiment e = small_experiment(), other = e;
    other.hand_over = "epochs";
    EXPECT_EQ(TrialStore::name_of(e), TrialStore::name_of(other));
    other.then = "adam";
    EXPECT_NE(TrialStore::name_of(e), TrialStore::name_of(other));
}

}  // namespace
}  // namespace ravine
