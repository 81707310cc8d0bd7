#include "ravine/optim/rates/plateau.hpp"

#include <limits>

#include "ravine/optim/rules/sgd.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

/// The rates of the updates after each of these measures.
std::vector<double> rates_after(const Plateau& plateau, const std::vector<double>& measures) {
    test::Bowl objective = test::bowl(Precision::f64);
    Parameters x = test::parameters_at(test::two_tensors(), test::start(), Precision::f64);
    FirstOrder optimizer(
        {.rule = Sgd{.learning_rate = 0.1}, .rate = [&](double base) { return make_plateau(plateau, base); }},
        x.shared_layout(), {.precision = Precision::f64});
    EXPECT_EQ(optimizer.monitor(), plateau.monitor);
    EXPECT_EQ(optimizer.step(objective, x).learning_rate, 0.1);
    std::vector<double> rates;
    for (const double measure : measures) {
        optimizer.hear(measure);
        rates.push_back(optimizer.step(objective, x).learning_rate);
    }
    return rates;
}

// By hand. Without a cooldown it is what keras/callbacks.py (ReduceLROnPlateau.on_epoch_end) says.
TEST(Plateau, WaitsLowersAndCoolsDown) {
    const Plateau plateau{.factor = 0.5, .patience = 2, .cooldown = 1, .minimum = 0.03};
    //                        better         wait 1  wait 2  cool  wait 1  better  1  2  cool  never again
    EXPECT_THAT(rates_after(plateau, {1, 0.9, 0.95, 0.95, 0.96, 0.97, 0.8, 0.9, 0.9, 0.9, 0.9}),
                testing::ElementsAre(0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.03, 0.03, 0.03));
    EXPECT_THAT(rates_after({.factor = 0.5, .patience = 1, .cooldown = 3}, {1, 1, 1, 1, 1, 1}),
                testing::ElementsAre(0.1, 0.05, 0.05, 0.05, 0.05, 0.025));
}

TEST(Plateau, AccuraciesRise) {
    const Plateau plateau{.monitor = "validation_accuracy", .factor = 0.5, .patience = 1};
    EXPECT_THAT(rates_after(plateau, {0.5, 0.6, 0.55, 0.7}), testing::ElementsAre(0.1, 0.1, 0.05, 0.05));
}

TEST(Plateau, ThresholdsAreMarginsOnTheRightSideOfAnyBest) {
    Plateau plateau{.factor = 0.5, .patience = 1, .threshold = 0.1};
    EXPECT_THAT(rates_after(plateau, {2, 1.95, 1.8}), testing::ElementsAre(0.1, 0.05, 0.05));
    plateau.threshold_mode = Plateau::Threshold::relative;  // of 2: below 1.8; of -2: below -2.2
    EXPECT_THAT(rates_after(plateau, {2, 1.85, 1.75}), testing::ElementsAre(0.1, 0.05, 0.05));
    EXPECT_THAT(rates_after(plateau, {-2, -2.1, -2.25}), testing::ElementsAre(0.1, 0.05, 0.05));
    EXPECT_THAT(rates_after(plateau, {-2, -2.25}), testing::ElementsAre(0.1, 0.1));
}

TEST(Plateau, NaNIsNoImprovement) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THAT(rates_after({.factor = 0.5, .patience = 2}, {nan, nan, 1}),
                testing::ElementsAre(0.1, 0.05, 0.05));
}

TEST(Plateau, ARateThatBeginsAtTheMinimumStays) {
    EXPECT_THAT(rates_after({.factor = 0.5, .patience = 1, .minimum = 0.2}, {1, 1, 1}),
                testing::ElementsAre(0.1, 0.1, 0.1));
}

TEST(Plateau, GoesOnInTheMidstOfItsPatience) {
    const std::vector<double> measures{1, 1.1, 1.2, 0.9, 1, 1, 1, 1};
    for (size_t cut = 0; cut <= measures.size(); ++cut) {
        const auto whole = make_plateau({.factor = 0.5, .patience = 2, .cooldown = 1}, 0.1),
                   before = make_plateau({.factor = 0.5, .patience = 2, .cooldown = 1}, 0.1),
                   after = make_plateau({.factor = 0.5, .patience = 2, .cooldown = 1}, 0.1);
        for (const double m : measures) whole->hear(m);
        for (size_t i = 0; i < cut; ++i) before->hear(measures[i]);
        test::copy_state(before->state(), after->state());
        for (size_t i = cut; i < measures.size(); ++i) after->hear(measures[i]);
        EXPECT_EQ(*after->state().numbers.at(0).value, *whole->state().numbers.at(0).value);
        EXPECT_EQ(*after->state().counters.at(0).value, *whole->state().counters.at(0).value);
    }
}

TEST(Plateau, AScheduleMultipliesIt) {
    test::Bowl objective = test::bowl(Precision::f64);
    Parameters x = test::parameters_at(test::two_tensors(), test::start(), Precision::f64);
    FirstOrder optimizer(
        {.rule = Sgd{.learning_rate = 0.1},
         .rate = rate_policies().make(Spec::parse("plateau:monitor=train_loss,patience=1,factor=0.5")),
         .schedule = test::uneven},
        x.shared_layout(), {.precision = Precision::f64});
    std::vector<double> rates;
    for (int i = 0; i < 4; ++i) {
        rates.push_back(optimizer.step(objective, x).learning_rate);
        optimizer.hear(1);
    }
    EXPECT_THAT(rates, testing::ElementsAre(0.1, 0.05, 0.1, 0.00625));
}

}  // namespace
}  // namespace ravine
