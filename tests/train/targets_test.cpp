#include <numbers>

#include "ravine/train/targets/target_plan.hpp"
#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using T = TargetEvolution;

T make(const std::string& text) { return target_evolutions().make(Spec::parse(text)); }

Loss loss(const std::string& text) { return losses().make(Spec::parse(text)); }

/// Four examples of three classes, two of them of class 0.
Dataset classes() {
    Dataset data{.name = "classes",
                 .feature_shape = {1},
                 .features = std::vector<float>{0, 1, 2, 3},
                 .labels = {0, 1, 0, 2},
                 .output_count = 3,
                 .classes = {"a", "b", "c"}};
    data.check();
    return data;
}

Dataset values() {
    Dataset data{.name = "values",
                 .task = Task::regression,
                 .feature_shape = {1},
                 .features = std::vector<float>{0, 1, 2, 3},
                 .values = {1, 2, 3, 6},
                 .output_count = 1};
    data.check();
    return data;
}

TargetPlan plan_of(const std::string& text, int64_t epochs, const std::string& loss_name = "kl") {
    return make_target_plan(make(text), loss(loss_name), loss_name, classes(), {}, epochs);
}

std::string refusal(const std::function<void()>& act) {
    try {
        act();
    } catch (const RequestError& error) {
        return error.what();
    }
    return "";
}

TEST(Targets, StagesAreEqualIncrementsAndEndAtOneExactly) {
    EXPECT_THAT(equal_increments(make("acet")), near({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}));
    EXPECT_EQ(equal_increments(make("acet")).back(), 1);
    EXPECT_THAT(equal_increments(make("acet:initial=0,increment=0.4")), near({0, 0.4, 0.8, 1}));
    EXPECT_THAT(equal_increments(make("acet:initial=0.5,increment=1")), near({0.5, 1}));
    EXPECT_THAT(equal_increments(make("label-smoothing:smoothing=0.2")), near({0.8}));
    EXPECT_TRUE(make("fixed").is_fixed());
    EXPECT_TRUE(make("label-smoothing:smoothing=0").is_fixed());
}

// Between sqrt(p) on the unit sphere the way from uniform to a corner is an arc of arccos(1 / sqrt n), so
// equal parts have y_c = cos^2 of equal angles.
TEST(Targets, EqualStepsOfTheDivergenceAreEqualAngles) {
    const double n = 3, whole = std::acos(1 / std::sqrt(n));
    const auto plan = plan_of("acet-auto", 100);
    ASSERT_EQ(plan.stages.size(), 10U);
    for (size_t k = 0; k < 10; ++k) {
        const double y = std::pow(std::cos(whole * (1 - static_cast<double>(k + 1) / 10)), 2);
        EXPECT_NEAR(plan.stages[k], (n * y - 1) / (n - 1), 1e-5);
    }
    EXPECT_EQ(plan.stages.back(), 1);
    // The arcs themselves, the last one too, which was 3.6 % long.
    double angle = whole;
    for (const double t : plan.stages) {
        const double next = std::acos(std::sqrt(t + (1 - t) / n));
        EXPECT_NEAR((angle - next) / (whole / 10), 1, 1e-4) << t;
        angle = next;
    }
    const auto even = plan_of("acet-auto:start=mean", 100, "squared-error");
    for (size_t k = 0; k < 10; ++k) EXPECT_NEAR(even.stages[k], static_cast<double>(k + 1) / 10, 1e-9);
}

// Of independent events each has an angle of its own.
TEST(Targets, EqualStepsOfIndependentEventsAreEqualAngles) {
    const auto plan = plan_of("acet-auto:start=null", 100, "binary-kl");
    ASSERT_EQ(plan.stages.size(), 10U);
    // From the null vector only the one label that holds moves: y = t, an arc of pi / 2.
    for (size_t k = 0; k < 10; ++k)
        EXPECT_NEAR(plan.stages[k], std::pow(std::sin(std::numbers::pi / 20 * static_cast<double>(k + 1)), 2),
                    1e-5);
}

TEST(Targets, ThatStandStillHaveStagesAllTheSame) {
    Dataset data = values();
    data.values = {2, 2, 2, 2};
    const auto plan = make_target_plan(make("acet-auto"), loss("squared-error"), "squared-error", data,
                                       Normalization::identity(1), 100);
    EXPECT_EQ(plan.stages.size(), 10U);
    for (const double t : plan.stages) EXPECT_TRUE(t > 0 && t <= 1) << t;
    EXPECT_EQ(plan.stages.back(), 1);
}

TEST(Targets, DistancesAreTheLossOfTheStageBefore) {
    const auto plan = plan_of("acet:initial=0.5,increment=0.5,epochs_per_increment=1", 5);
    const double a = 0.5 + 0.5 / 3, b = 0.5 / 3;
    EXPECT_THAT(plan.distances, near({a * std::log(3 * a) + 2 * b * std::log(3 * b), -std::log(a)}));
    const auto squares = plan_of("acet:initial=0.5,increment=0.5,epochs_per_increment=1", 5, "squared-error");
    EXPECT_THAT(squares.distances, near({0.25 * 2 / 9, 0.25 * 2 / 9}));
    const auto events = plan_of("acet:initial=0.5,increment=0.5,start=null", 10, "binary-kl");
    EXPECT_NEAR(events.distances[1], std::log(2) / 3, 1e-12);
    EXPECT_EQ(events.distances[0], events.distances[1]);  // infinite from the null vector itself
}

TEST(Targets, BeginWhereTheyAreToldTo) {
    const auto start = [](TargetStart s, const std::string& name, const Dataset& data) {
        const auto normalization =
            data.task == Task::regression ? Normalization::fit_values(data) : Normalization{};
        return start_targets(s, loss(name), name, data, normalization);
    };
    EXPECT_THAT(start(TargetStart::automatic, "kl", classes()), near({1.0 / 3, 1.0 / 3, 1.0 / 3}));
    EXPECT_THAT(start(TargetStart::mean, "kl", classes()), near({0.5, 0.25, 0.25}));
    EXPECT_THAT(start(TargetStart::null, "squared-error", classes()), near({0, 0, 0}));
    EXPECT_THAT(start(TargetStart::null, "binary-kl", classes()), near({0, 0, 0}));
    EXPECT_THAT(start(TargetStart::automatic, "squared-error", values()), near({0}));
    EXPECT_THAT(refusal([&] { start(TargetStart::null, "kl", classes()); }), HasSubstr("is no distribution"));
    EXPECT_THAT(refusal([&] { start(TargetStart::null, "hinge", classes()); }), HasSubstr("hinge"));
    EXPECT_THAT(refusal([&] { start(TargetStart::uniform, "squared-error", values()); }),
                HasSubstr("start=mean"));
}

TEST(Targets, ARunTooShortForThemIsRefused) {
    EXPECT_THAT(refusal([] { plan_of("acet", 45); }),
                HasSubstr("more than 45 epochs, after which t reaches 1"));
    EXPECT_EQ(plan_of("acet", 46).epochs_until_final(), 45);
    EXPECT_EQ(plan_of("acet:epochs_per_increment=0", 100).epochs_per_stage, 7);
    EXPECT_EQ(plan_of("acet-auto", 100).epochs_per_stage, 7);
    EXPECT_EQ(plan_of("acet:epochs_per_increment=0", 90).epochs_per_stage, 7);  // 63 epochs, not 62
    EXPECT_EQ(plan_of("acet-auto", 4).stages.size(), 3U);
    EXPECT_EQ(plan_of("acet-auto", 1).stages.size(), 1U);
    EXPECT_THAT(refusal([] { plan_of("acet:epochs_per_increment=9223372036854775807", 50); }),
                HasSubstr("more than 83010348331692982272 epochs, after which t reaches 1"));
    EXPECT_THAT(refusal([] { plan_of("acet:epochs_per_increment=0,increment=0.0001", INT64_MAX); }), "");
    for (const char* text :
         {"acet:increment=0", "acet:increment=1.5", "acet:increment=1e-300", "acet:initial=1", "acet:share=0",
          "acet:epochs_per_increment=-1", "label-smoothing:smoothing=1"})
        EXPECT_THAT(refusal([&] { make(text); }), HasSubstr("expected")) << text;
}

/// The stages after each of some epochs.
std::vector<int64_t> stages_after(const TargetPlan& plan, const std::vector<EpochOutcome>& epochs) {
    std::vector<int64_t> result;
    TargetStage stage;
    for (const auto& epoch : epochs) result.push_back((stage = after_epoch(plan, stage, epoch)).stage);
    return result;
}

TEST(Targets, GoOnAfterFixedEpochs) {
    const auto plan = plan_of("acet:initial=0.5,increment=0.25,epochs_per_increment=2", 10);
    const EpochOutcome epoch{.batches = 4, .gated = 4, .loss = 0};
    EXPECT_THAT(stages_after(plan, std::vector(6, epoch)), ElementsAre(0, 1, 1, 2, 2, 2));
}

TEST(Targets, GoOnEarlyInEquilibrium) {
    const auto plan = plan_of("acet:initial=0.4,advance=equilibrium,share=0.75,epochs_per_increment=3", 99);
    const auto gated = [](int64_t n) { return EpochOutcome{.batches = 4, .gated = n}; };
    EXPECT_THAT(stages_after(plan, {gated(2), gated(3), gated(4), gated(0), gated(1), gated(2), gated(0)}),
                ElementsAre(0, 1, 2, 2, 2, 3, 3));
}

TEST(Targets, GoOnWhenAStageHasSettled) {
    auto plan = plan_of("acet:initial=0.4,advance=settled,epochs_per_increment=4", 99);
    plan.distances = std::vector<double>(plan.stages.size(), 1);
    const auto epoch = [](double before, double loss) {
        return EpochOutcome{.batches = 4, .loss = loss, .previous_loss = before};
    };
    EXPECT_THAT(stages_after(plan, {epoch(NAN, 2), epoch(2, 1.5), epoch(1.5, 1.45), epoch(NAN, 1)}),
                ElementsAre(0, 0, 1, 1));
}

TEST(Targets, ContinuousTimeIsAStraightLine) {
    const auto plan = plan_of("acet:initial=0.2,increment=0.4,epochs_per_increment=5,advance=continuous", 20);
    EXPECT_EQ(plan.epochs_until_final(), 10);
    for (const auto& [progress, t] : {std::pair{0.0, 0.2}, {2.5, 0.4}, {10.0, 1.0}, {15.0, 1.0}})
        EXPECT_NEAR(target_time(plan, {}, progress), t, 1e-12);
    EXPECT_EQ(target_time(plan_of("acet", 50), {.stage = 3}, 17), plan_of("acet", 50).stages[3]);
}

}  // namespace
}  // namespace ravine
