#include "ravine/optim/rules/dog.hpp"

#include <cstring>

#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

constexpr Dog settings{.initial_step = 0.05};

/// The paper's lines over the whole vector, in plain numbers: the points and the rates of `steps` steps.
struct Course {
    std::vector<std::vector<double>> points;
    std::vector<double> rates;
};

Course course_by_hand(const std::vector<double>& shares, const std::vector<double>& decay, int steps) {
    const Bowl objective = bowl(Precision::f64);
    const std::vector<double> x0 = start();
    std::vector<double> x = x0;
    double squares = 0, distance = 0;
    for (const double value : x0) distance += value * value;
    distance = 0.05 * (1 + std::sqrt(distance));
    Course course;
    for (int t = 0; t < steps; ++t) {
        double moved = 0;
        std::vector<double> g;
        for (size_t i = 0; i < x.size(); ++i) {
            g.push_back(objective.slope(i, x[i]));
            squares += g[i] * g[i];
            moved += (x[i] - x0[i]) * (x[i] - x0[i]);
        }
        distance = std::max(distance, std::sqrt(moved));
        const double eta = uneven(t, {}) * distance / std::sqrt(squares + 1e-8);
        for (size_t i = 0; i < x.size(); ++i) x[i] -= eta * shares[i] * (g[i] + decay[i] * x[i]);
        course.points.push_back(x);
        course.rates.push_back(eta);
    }
    return course;
}

/// The same of the rule, with the second tensor at `share` of the rate.
Course course_of(double share, double decay, int steps, Precision precision) {
    const auto layout = two_tensors();
    layout->slices[1].rate = share;
    Bowl objective = bowl(precision);
    Parameters x = parameters_at(layout, start(), precision);
    FirstOrder optimizer({.rule = settings, .schedule = uneven, .weight_decay = decay}, layout,
                         {.precision = precision});
    Course course;
    for (int i = 0; i < steps; ++i) {
        course.rates.push_back(optimizer.step(objective, x).learning_rate);
        course.points.push_back(x.values().to_doubles());
    }
    return course;
}

void expect_courses(const Course& found, const Course& expected, double tolerance) {
    for (size_t t = 0; t < expected.points.size(); ++t) {
        SCOPED_TRACE("step " + std::to_string(t + 1));
        expect_near(found.points[t], expected.points[t], tolerance);
        EXPECT_NEAR(found.rates[t], expected.rates[t], tolerance);
    }
}

TEST(Dog, DistanceOverGradients) {
    const Course expected = course_by_hand(std::vector<double>(7, 1), std::vector<double>(7, 0), 6);
    expect_courses(course_of(1, 0, 6, Precision::f64), expected, 1e-13);
    expect_courses(course_of(1, 0, 6, Precision::f32), expected, 1e-5);
}

// The same six steps by a script of the paper's lines in NumPy 1.24, r_epsilon = 0.05 (1 + ||x_0||).
TEST(Dog, AgreesWithAnotherProgram) {
    const Course found = course_of(1, 0, 6, Precision::f64);
    const std::vector<double> rates{0.03477119512648146,  0.012883307798325512, 0.05769830541536205,
                                    0.013639166823305557, 0.08366752254827596,  0.06264644057518907};
    expect_near(found.rates, rates, 1e-13);
    expect_near(found.points[5],
                {1.1409650258156652, -0.019192014534231236, 0.09249915295873606, 1.2441863232510444,
                 -0.8949635990902529, 0.3765831040493243, 0.08855095963955963},
                1e-13);
}

// A tensor's own rate multiplies its steps, decay is scaled with the rate that was found, and both move what
// the distance is taken to.
TEST(Dog, WithATensorsOwnRateAndDecay) {
    const std::vector<double> shares{1, 1, 1, 1, 3, 3, 3}, decay{0.25, 0.25, 0.25, 0.25, 0, 0, 0};
    expect_courses(course_of(3, 0.25, 6, Precision::f64), course_by_hand(shares, decay, 6), 1e-12);
}

// The first step has the length r_epsilon, whatever the gradient.
TEST(Dog, TheFirstStepIsShort) {
    for (const double scale : {1.0, 1e3}) {
        Bowl objective = bowl(Precision::f64);
        objective.gradient_scale = scale;
        Parameters x = parameters_at(two_tensors(), start(), Precision::f64);
        FirstOrder optimizer({.rule = Dog{}}, x.shared_layout(), {.precision = Precision::f64});
        optimizer.step(objective, x);
        double moved = 0, norm = 0;
        for (size_t i = 0; i < 7; ++i) {
            moved += std::pow(x.values().at(static_cast<int64_t>(i)) - start()[i], 2);
            norm += start()[i] * start()[i];
        }
        EXPECT_NEAR(std::sqrt(moved), 1e-6 * (1 + std::sqrt(norm)), 1e-12);
    }
}

// What is frozen counts in no norm, and what is clipped counts as clipped.
TEST(Dog, KnowsTheTrainedPartAndTheClippedGradient) {
    const auto layout = two_tensors();
    layout->slices[0].trainable = false;
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(layout, start(), Precision::f64);
    FirstOrder optimizer({.rule = settings, .clipping = {Clipping::Kind::norm, 0.25}}, layout,
                         {.precision = Precision::f64});
    double norm = 0;
    for (size_t i = 4; i < 7; ++i) norm += start()[i] * start()[i];
    const double least = 0.05 * (1 + std::sqrt(norm));
    EXPECT_NEAR(optimizer.step(objective, x).learning_rate, least / std::sqrt(0.0625 + 1e-8), 1e-14);
    EXPECT_NEAR(optimizer.step(objective, x).learning_rate, least / std::sqrt(0.125 + 1e-8), 1e-14);
}

// It starts from where the weights are in the first step, not from where they were when it was made.
TEST(Dog, ForgetsNothingOverAPause) {
    for (const auto precision : {Precision::f64, Precision::f32}) {
        const FirstOrderOptions options{.rule = settings, .schedule = uneven};
        const auto layout = two_tensors();
        Bowl objective = bowl(precision);
        Parameters whole = parameters_at(layout, start(), precision), cut = whole;
        FirstOrder straight(options, layout, {.precision = precision}),
            before(options, layout, {.precision = precision}),
            after(options, layout, {.precision = precision});
        for (int i = 0; i < 11; ++i) straight.step(objective, whole);
        for (int i = 0; i < 5; ++i) before.step(objective, cut);
        copy_state(before.state(), after.state());
        EXPECT_EQ(after.state().find(initial_theta_name)->at(3), 2);
        ASSERT_EQ(after.state().numbers.size(), 2U);
        for (int i = 0; i < 6; ++i) after.step(objective, cut);
        EXPECT_EQ(std::memcmp(whole.values().data(), cut.values().data(), whole.values().byte_count()), 0);
    }
}

TEST(Dog, FindsTheMinimumWithoutARate) {
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(two_tensors(), start(), Precision::f64);
    const double before = objective.value(x);
    FirstOrder optimizer({.rule = Dog{}}, x.shared_layout(), {.precision = Precision::f64});
    for (int i = 0; i < 2000; ++i) optimizer.step(objective, x);
    EXPECT_LT(objective.value(x), 1e-3 * before);
    EXPECT_EQ(optimizer.average(), "polynomial:gamma=8");
}

}  // namespace
}  // namespace ravine
