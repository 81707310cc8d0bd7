#include "ravine/optim/rules/first_order.hpp"

#include <cstring>

#include "ravine/core/error.hpp"
#include "ravine/optim/rates/schedules.hpp"
#include "ravine/optim/rules/adam.hpp"
#include "ravine/optim/rules/sgd.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

TEST(FirstOrder, EveryRuleDecreasesAQuadratic) {
    for (const auto& entry : update_rules().entries()) {
        const auto layout = two_tensors();
        Bowl objective = bowl(Precision::f64);
        Parameters x = parameters_at(layout, start(), Precision::f64);
        FirstOrder optimizer({.rule = update_rules().make({entry.name, {}})}, layout,
                             {.precision = Precision::f64});
        const double before = objective.value(x);
        for (int i = 0; i < 300; ++i) optimizer.step(objective, x);
        // Adadelta's steps begin at sqrt(epsilon) and grow slowly; those of the others follow their rates.
        EXPECT_LT(objective.value(x), (entry.name == "adadelta" ? 0.995 : 0.95) * before) << entry.name;
    }
}

/// Two runs, one of which is saved in the middle into another optimizer, agree in every bit.
void expect_resumes(const UpdateRule& rule, Precision precision) {
    const auto layout = two_tensors();
    const FirstOrderOptions options{.rule = rule, .schedule = uneven, .weight_decay = 0.01};
    Bowl objective = bowl(precision);
    Parameters whole = parameters_at(layout, start(), precision), cut = whole;
    FirstOrder straight(options, layout, {.precision = precision});
    FirstOrder before(options, layout, {.precision = precision});
    FirstOrder after(options, layout, {.precision = precision});
    for (int i = 0; i < 11; ++i) straight.step(objective, whole);
    for (int i = 0; i < 5; ++i) before.step(objective, cut);
    copy_state(before.state(), after.state());
    for (int i = 0; i < 6; ++i) after.step(objective, cut);
    EXPECT_EQ(std::memcmp(whole.values().data(), cut.values().data(), whole.values().byte_count()), 0);
}

TEST(FirstOrder, ResumesBitForBit) {
    for (const auto& entry : update_rules().entries()) {
        SCOPED_TRACE(entry.name);
        Spec spec{entry.name, {}};
        for (const auto& setting : entry.settings)
            if (setting.name == "momentum_schedule") spec.set("momentum_schedule", "linear");
        for (const auto precision : {Precision::f64, Precision::f32})
            expect_resumes(update_rules().make(spec), precision);
    }
}

// Rates and corrections are numbers beside the vectors: no vector may be written elsewhere and copied back.
TEST(FirstOrder, EveryRuleUpdatesInPlace) {
    for (const auto& entry : update_rules().entries()) {
        FirstOrder optimizer({.rule = update_rules().make({entry.name, {}}), .weight_decay = 0.1},
                             two_tensors(), {.precision = Precision::f32});
        for (Workspace* workspace : optimizer.workspaces())
            EXPECT_THAT(workspace->program().describe(), testing::Not(testing::HasSubstr("copy")))
                << entry.name;
    }
}

TEST(FirstOrder, DecoupledDecayShrinksWeightsOnly) {
    const auto layout = two_tensors();
    Bowl objective = bowl(Precision::f64);
    Parameters with = parameters_at(layout, start(), Precision::f64), without = with;
    const Adam adam{.learning_rate = 0.1};
    FirstOrder decaying({.rule = adam, .schedule = uneven, .weight_decay = 0.3}, layout,
                        {.precision = Precision::f64});
    FirstOrder plain({.rule = adam, .schedule = uneven}, layout, {.precision = Precision::f64});
    decaying.step(objective, with);
    plain.step(objective, without);
    for (int64_t i = 0; i < 7; ++i) {
        const double shrunk = i < 4 ? 0.1 * 0.3 * start()[static_cast<size_t>(i)] : 0;
        EXPECT_NEAR(with.values().at(i), without.values().at(i) - shrunk, 1e-15) << i;
    }
    // The schedule scales the decay too: half the rate in the second step.
    Parameters second = with;
    FirstOrder still({.rule = Sgd{.learning_rate = 0.1}, .schedule = uneven, .weight_decay = 0.3}, layout,
                     {.precision = Precision::f64});
    *still.state().counters.front().value = 1;
    Bowl flat(std::vector<double>(7, 0), std::vector<double>(7, 0), Precision::f64);
    still.step(flat, second);
    EXPECT_NEAR(second.values().at(0), with.values().at(0) * (1 - 0.05 * 0.3), 1e-15);
    EXPECT_EQ(second.values().at(4), with.values().at(4));
}

TEST(FirstOrder, FrozenTensorsKeepEveryBit) {
    for (const auto& entry : update_rules().entries()) {
        const auto layout = two_tensors();
        layout->slices[0].trainable = false;
        Bowl objective = bowl(Precision::f32);
        Parameters x = parameters_at(layout, start(), Precision::f32);
        const Vector before = x.values();
        FirstOrder optimizer({.rule = update_rules().make({entry.name, {}}), .weight_decay = 0.1}, layout,
                             {});
        for (int i = 0; i < 4; ++i) optimizer.step(objective, x);
        EXPECT_EQ(std::memcmp(x.values().data(), before.data(), 4 * sizeof(float)), 0) << entry.name;
        EXPECT_NE(x.values().at(4), before.at(4)) << entry.name;
    }
}

TEST(FirstOrder, TensorsHaveRatesOfTheirOwn) {
    const auto layout = two_tensors();
    layout->slices[1].rate = 0.25;
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = Sgd{.learning_rate = 0.1}}, layout, {.precision = Precision::f64});
    EXPECT_EQ(optimizer.step(objective, x).learning_rate, 0.1);
    EXPECT_NEAR(x.values().at(0), start()[0] - 0.1 * objective.slope(0, start()[0]), 1e-15);
    EXPECT_NEAR(x.values().at(5), start()[5] - 0.025 * objective.slope(5, start()[5]), 1e-15);
}

TEST(FirstOrder, ATensorsRateMultipliesItsDecay) {
    const auto layout = two_tensors();
    layout->slices[0].rate = 0.25;
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = Sgd{.learning_rate = 0.1}, .weight_decay = 0.3}, layout,
                         {.precision = Precision::f64});
    optimizer.step(objective, x);
    EXPECT_NEAR(x.values().at(0), start()[0] - 0.025 * (objective.slope(0, start()[0]) + 0.3 * start()[0]),
                1e-15);
}

TEST(FirstOrder, GroupsOfOneSizeShareProgramsAndNotNumbers) {
    auto layout = std::make_shared<ParameterLayout>();
    for (int i = 0; i < 6; ++i)
        layout->add({.name = std::to_string(i), .shape = {2}, .decays = i % 2 == 0, .rate = 1.0 + i});
    Bowl objective(std::vector<double>(12, 1), std::vector<double>(12, 0), Precision::f64);
    Parameters x = parameters_at(layout, std::vector<double>(12, 1), Precision::f64);
    FirstOrder optimizer({.rule = Sgd{.learning_rate = 0.01}, .weight_decay = 0.5}, layout,
                         {.precision = Precision::f64});
    optimizer.step(objective, x);
    for (int64_t i = 0; i < 12; ++i) {
        const double rate = 0.01 * static_cast<double>(1 + i / 2);
        EXPECT_NEAR(x.values().at(i), 1 - rate - (i / 2 % 2 == 0 ? 0.5 * rate : 0), 1e-15) << i;
    }
}

TEST(FirstOrder, ALossThatIsNotFiniteChangesNothing) {
    const auto layout = two_tensors();
    Bowl objective({1, 1, 1, 1, 1, 1, 1}, {0, 0, 0, 0, 0, 0, INFINITY}, Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = Adam{}}, layout, {.precision = Precision::f64});
    const StepReport report = optimizer.step(objective, x);
    EXPECT_EQ(report.outcome, StepOutcome::not_finite);
    EXPECT_FALSE(std::isfinite(report.loss));
    EXPECT_EQ(x.values().to_doubles(), start());
    EXPECT_EQ(optimizer.steps(), 0);
    for (const auto& state : optimizer.state().tensors)
        for (const double s : state.values->to_doubles()) EXPECT_EQ(s, 0);
}

TEST(FirstOrder, ScheduleWithoutTheLengthItNeedsIsRefusedAtOnce) {
    EXPECT_THROW(FirstOrder({.rule = Sgd{}, .schedule = LinearSchedule{}}, two_tensors(), {}), RequestError);
    EXPECT_NO_THROW(FirstOrder({.rule = Sgd{}, .schedule = LinearSchedule{}, .run_length = {.total = 10}},
                               two_tensors(), {}));
}

TEST(FirstOrder, ParametersOfAnotherPrecisionAreACallersMistake) {
    const auto layout = two_tensors();
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = Sgd{}}, layout, {.precision = Precision::f32});
    EXPECT_THROW(optimizer.step(objective, x), std::logic_error);
}

TEST(FirstOrder, TwoThreadsComputeWhatOneDoes) {
    // Above the size from which a pass is split.
    const int64_t n = 100003;
    const auto layout = ParameterLayout::single(n);
    std::vector<double> a, c, x0;
    for (int64_t i = 0; i < n; ++i) {
        a.push_back(1 + static_cast<double>(i % 7));
        c.push_back(static_cast<double>(i % 13) / 13);
        x0.push_back(static_cast<double>(i % 5));
    }
    Bowl objective(a, c, Precision::f32);
    std::vector<std::vector<double>> ends;
    for (const int threads : {1, 2}) {
        Parameters x = parameters_at(layout, x0, Precision::f32);
        FirstOrder optimizer({.rule = Adam{.learning_rate = 0.1}}, layout, {.threads = threads});
        for (int i = 0; i < 3; ++i) optimizer.step(objective, x);
        ends.push_back(x.values().to_doubles());
    }
    EXPECT_EQ(ends[0], ends[1]);
}

}  // namespace
}  // namespace ravine
