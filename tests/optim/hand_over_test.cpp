#include "ravine/optim/hand_over.hpp"

#include "tests/data/support.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using test::two_tensors;

constexpr CompileOptions in_double{.precision = Precision::f64};

/// A rate that is 'learned' from nothing: rates[k] at update k + 1, and the last one for ever.
class Told : public RatePolicy {
public:
    explicit Told(std::vector<double> rates) : rates_(std::move(rates)) {}
    double rate(const RateQuestion& question) override {
        return rates_[std::min(static_cast<size_t>(question.update), rates_.size()) - 1];
    }
    bool is_learned() const override { return true; }
    bool judges_by_validation() const override { return true; }

private:
    std::vector<double> rates_;
};

OptimizerParts told(std::vector<double> rates) {
    return {.rate = [rates](double) { return std::make_unique<Told>(rates); }};
}

OptimizerMaker maker(const char* spec) { return optimizers().make(Spec::parse(spec)); }

std::unique_ptr<Optimizer> two(const OptimizerParts& parts, const HandOver& when,
                               SecondRate rate = SecondRate::own, const char* second = "adam") {
    return then(maker("momentum"), maker(second), when, rate)(parts, two_tensors(), in_double);
}

Parameters begin() { return test::parameters_at(two_tensors(), test::start(), Precision::f64); }

/// The rates of so many updates.
std::vector<double> rates_of(Optimizer& optimizer, Parameters& x, int64_t updates) {
    test::Bowl objective = test::bowl(Precision::f64);
    std::vector<double> rates;
    for (int64_t k = 0; k < updates; ++k) rates.push_back(optimizer.step(objective, x).learning_rate);
    return rates;
}

RateWatch watching(const std::vector<double>& rates, const Settling& settling) {
    RateWatch watch(settling, 0);
    for (const double rate : rates) watch.note(rate);
    return watch;
}

// By hand, with windows of three: the medians are 4, 2, 2.1 and 1.95.
TEST(Settling, IsThreeMediansThatAgree) {
    const Settling settling{.window = 3, .tolerance = 0.1};
    std::vector<double> rates{4, 100, 3, 2, 2, 1e-9, 2.1, 9, 2};
    EXPECT_FALSE(watching(rates, settling).found().is_settled);
    EXPECT_EQ(watching(rates, settling).found().median, 2.1);
    rates.insert(rates.end(), {0, 1.95, 50});
    EXPECT_TRUE(watching(rates, settling).found().is_settled);  // 2.1 / 1.95 = 1.077
    EXPECT_FALSE(watching(rates, {.window = 3, .tolerance = 0.07}).found().is_settled);
    rates.push_back(7);  // within a window: nothing new of the medians, but of the last three
    EXPECT_TRUE(watching(rates, settling).found().is_settled);
    EXPECT_EQ(watching(rates, settling).found().median, 7);
}

TEST(Settling, MedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
    EXPECT_EQ(watching({8, 1, 4, 2}, {.window = 4}).found().median, 3);
    EXPECT_EQ(watching({8, 1}, {.window = 4}).found().median, 4.5);
    EXPECT_EQ(watching({8, 1}, {.window = 4}).found().updates, 2);
    EXPECT_TRUE(std::isnan(watching({}, {.window = 4}).found().median));
}

TEST(Settling, WindowsAreEpochsWithinBounds) {
    for (const auto& [per_epoch, window] :
         {std::pair<int64_t, int64_t>{0, 20}, {7, 20}, {469, 469}, {1563, 1000}}) {
        RateWatch watch({}, per_epoch);
        for (int64_t k = 0; k < 3 * window - 1; ++k) watch.note(0.5);
        EXPECT_FALSE(watch.found().is_settled) << per_epoch;
        watch.note(0.5);
        EXPECT_TRUE(watch.found().is_settled) << per_epoch;
        EXPECT_EQ(watch.found().updates, window);
    }
}

TEST(Settling, ARateOfZeroOrThatRisesHasNotSettled) {
    EXPECT_FALSE(watching(std::vector<double>(9, 0.0), {.window = 3}).found().is_settled);
    std::vector<double> rising;  // by 6 % in a window: 12 % over three
    for (int k = 0; k < 60; ++k) rising.push_back(std::pow(1.06, k / 3.0));
    EXPECT_FALSE(watching(rising, {.window = 3}).found().is_settled);
}

TEST(HandOverTest, TheFirstIsItselfAndTheSecondBeginsAfresh) {
    const auto both = two({}, {.when = HandOver::When::updates, .count = 4});
    Parameters x = begin(), alone = begin();
    const auto rates = rates_of(*both, x, 10);
    EXPECT_EQ(both->steps(), 10);
    EXPECT_EQ(both->handed_over(), 4);
    const auto first = maker("momentum")({}, two_tensors(), in_double),
               second = maker("adam")({}, two_tensors(), in_double);
    auto expected = rates_of(*first, alone, 4);
    for (const double rate : rates_of(*second, alone, 6)) expected.push_back(rate);
    EXPECT_EQ(rates, expected);
    EXPECT_EQ(x.values().to_doubles(), alone.values().to_doubles());
}

TEST(HandOverTest, EpochsEndWhereAMeasureIsHeard) {
    const auto both = two({}, {.when = HandOver::When::epochs, .count = 2});
    EXPECT_EQ(both->monitor(), "train_loss");
    Parameters x = begin();
    rates_of(*both, x, 3);
    both->hear(1);
    rates_of(*both, x, 2);
    EXPECT_EQ(both->handed_over(), std::nullopt);
    both->hear(1);
    EXPECT_EQ(both->handed_over(), 5);
}

// Windows of two: medians 1, 2, 2, 2.
TEST(HandOverTest, ASettledRateIsHandedOver) {
    const HandOver when{.settling = {.window = 2}};
    const std::vector<double> rates{1, 1, 2, 2, 1, 3, 2, 2};
    const auto both = two(told(rates), when, SecondRate::settled, "sgd:learning_rate=7");
    Parameters x = begin();
    auto expected = rates;
    expected.insert(expected.end(), {2, 2});
    EXPECT_TRUE(both->judges_by_validation());
    EXPECT_EQ(rates_of(*both, x, 10), expected);
    EXPECT_EQ(both->handed_over(), 8);
    EXPECT_FALSE(both->judges_by_validation());
    EXPECT_TRUE(both->learned_rate()->is_settled);
    const auto own = two(told(rates), when, SecondRate::own, "sgd:learning_rate=7");
    Parameters y = begin();
    EXPECT_EQ(rates_of(*own, y, 9).back(), 7);
}

// What is watched is the rate before the schedule, which counts over both.
TEST(HandOverTest, TheScheduleGoesOn) {
    OptimizerParts parts = told({2});
    parts.schedule = test::uneven;
    const auto both = two(parts, {.settling = {.window = 1}}, SecondRate::settled, "sgd");
    Parameters x = begin();
    EXPECT_EQ(rates_of(*both, x, 6), (std::vector<double>{2, 1, 4, 0.5, 3, 1.5}));
    EXPECT_EQ(both->handed_over(), 3);
}

TEST(HandOverTest, ResumesBitForBitInEitherPartAndBetween) {
    for (const int64_t stop : {3, 8, 9, 12}) {
        SCOPED_TRACE(stop);
        OptimizerParts parts = told({0.01, 0.01, 0.02, 0.02, 0.01, 0.03, 0.02, 0.02});
        parts.schedule = test::uneven;
        const HandOver when{.settling = {.window = 2}};
        const auto whole = two(parts, when, SecondRate::settled), cut = two(parts, when, SecondRate::settled),
                   resumed = two(parts, when, SecondRate::settled);
        Parameters x = begin(), y = begin();
        rates_of(*whole, x, 15);
        rates_of(*cut, y, stop);
        test::copy_state(cut->state(), resumed->state());
        rates_of(*resumed, y, 15 - stop);
        EXPECT_EQ(x.values().to_doubles(), y.values().to_doubles());
        EXPECT_EQ(resumed->steps(), 15);
        EXPECT_EQ(resumed->handed_over(), 8);
    }
}

TEST(HandOverTest, WhatNeedsALearnedRateIsRefusedWithoutOne) {
    test::expect_error(2, [] { two({}, {}); }, {"--hand-over settled", "learned"});
    test::expect_error(2, [] { two({}, {.when = HandOver::When::updates, .count = 3}, SecondRate::settled); },
                       {"learning_rate=settled", "learned"});
    test::expect_error(2, [] { hand_overs().make(Spec::parse("settled:tolerance=0")); }, {"tolerance"});
    test::expect_error(2, [] { hand_overs().make(Spec::parse("epochs:count=0")); }, {"count"});
    test::expect_error(2, [] { hand_overs().make(Spec::parse("epoch")); }, {"epoch", "hand-overs"});
}

}  // namespace
}  // namespace ravine
