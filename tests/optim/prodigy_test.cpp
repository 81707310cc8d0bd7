#include "ravine/optim/rules/prodigy.hpp"

#include <cstring>

#include "ravine/optim/rules/adam.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

constexpr Prodigy settings{.initial_d = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3};

/// The points and the step sizes lr d of a run.
struct Course {
    std::vector<std::vector<double>> points;
    std::vector<double> sizes;
};

/// Algorithm 4 over the whole vector in plain numbers.
Course course_by_hand(const Prodigy& p, int steps, double decay = 0) {
    const Bowl objective = bowl(Precision::f64);
    const std::vector<double> x0 = start();
    std::vector<double> x = x0, m(7, 0), v(7, 0), s(7, 0);
    double d = p.initial_d, r = 0;
    const double beta3 = std::sqrt(p.beta2);
    Course course;
    for (int t = 0; t < steps; ++t) {
        const double lr = p.learning_rate * uneven(t, {}), used = d;
        double descent = 0, norm = 0;
        for (size_t i = 0; i < 7; ++i) {
            const double g = objective.slope(i, x[i]);
            descent += g * (x0[i] - x[i]);
            m[i] = p.beta1 * m[i] + (1 - p.beta1) * d * g;
            v[i] = p.beta2 * v[i] + (1 - p.beta2) * d * d * g * g;
            s[i] = beta3 * s[i] + (1 - beta3) * lr * d * d * g;
            norm += std::abs(s[i]);
            x[i] -= lr * used * (m[i] / (std::sqrt(v[i]) + used * p.epsilon) + (i < 4 ? decay * x[i] : 0));
        }
        r = beta3 * r + (1 - beta3) * lr * d * d * descent;
        d = std::max(d, p.d_coefficient * r / norm);
        course.points.push_back(x);
        course.sizes.push_back(lr * used);
    }
    return course;
}

Course course_of(const Prodigy& rule, int steps, Precision precision, double decay = 0) {
    Bowl objective = bowl(precision);
    Parameters x = parameters_at(two_tensors(), start(), precision);
    FirstOrder optimizer({.rule = rule, .schedule = uneven, .weight_decay = decay}, x.shared_layout(),
                         {.precision = precision});
    Course course;
    for (int i = 0; i < steps; ++i) {
        course.sizes.push_back(optimizer.step(objective, x).learning_rate);
        course.points.push_back(x.values().to_doubles());
    }
    return course;
}

void expect_courses(const Course& found, const Course& expected, double tolerance) {
    for (size_t t = 0; t < expected.points.size(); ++t) {
        SCOPED_TRACE("step " + std::to_string(t + 1));
        expect_near(found.points[t], expected.points[t], tolerance);
        EXPECT_NEAR(found.sizes[t], expected.sizes[t], tolerance * expected.sizes[t]);
    }
}

TEST(Prodigy, Algorithm4) {
    const Course expected = course_by_hand(settings, 10);
    EXPECT_GT(expected.sizes[9] / uneven(9, {}), 5 * 0.01);  // d has grown
    expect_courses(course_of(settings, 10, Precision::f64), expected, 1e-12);
    expect_courses(course_of(settings, 10, Precision::f32), expected, 1e-4);
}

TEST(Prodigy, WithAFactorOfItsEstimateAndDecayThatGoesByD) {
    Prodigy other = settings;
    other.d_coefficient = 0.5;
    expect_courses(course_of(other, 10, Precision::f64, 0.25), course_by_hand(other, 10, 0.25), 1e-12);
}

// Six steps by a script of algorithm 4 in NumPy 1.24.
TEST(Prodigy, AgreesWithAnotherProgram) {
    const Course found = course_of(settings, 6, Precision::f64);
    EXPECT_NEAR(found.sizes[3] / 0.25, 0.01, 1e-15);  // the last one with d_0
    EXPECT_NEAR(found.sizes[4] / 1.5, 0.011768114097093468, 1e-14);
    EXPECT_NEAR(found.sizes[5] / 0.75, 0.02330236970195606, 1e-14);
    expect_near(found.points[5],
                {1.4056483151459458, -0.6555469901624253, 0.15592187246993347, 1.9055335490422673,
                 -0.906123292382383, 0.4077786039506887, 0.034514790307858825},
                1e-13);
}

// A tensor that is measured in units three times as large, and moves at a third of the rate, is the same one.
TEST(Prodigy, ATensorsOwnRateIsAMatterOfUnits) {
    Prodigy rule = settings;
    rule.epsilon = 1e-30;
    const auto layout = two_tensors();
    layout->slices[1].rate = 1.0 / 3;
    std::vector<double> at = start(), a{1, 3, 0.5, 2, 0.1, 10, 1.25}, c{0, 0.5, -1, 0.25, 3, 0.375, 0};
    for (size_t i = 4; i < 7; ++i) {
        at[i] /= 3;
        c[i] /= 3;
        a[i] *= 9;
    }
    Bowl plain = bowl(Precision::f64), scaled(a, c, Precision::f64);
    Parameters x = parameters_at(two_tensors(), start(), Precision::f64),
               y = parameters_at(layout, at, Precision::f64);
    FirstOrder one({.rule = rule, .schedule = uneven}, x.shared_layout(), {.precision = Precision::f64}),
        other({.rule = rule, .schedule = uneven}, layout, {.precision = Precision::f64});
    for (int i = 0; i < 12; ++i) {
        EXPECT_NEAR(one.step(plain, x).learning_rate, other.step(scaled, y).learning_rate, 1e-13);
        for (int64_t k = 0; k < 7; ++k)
            EXPECT_NEAR(x.values().at(k), y.values().at(k) * (k < 4 ? 1 : 3), 1e-12);
    }
}

TEST(Prodigy, ResumesBitForBit) {
    for (const auto precision : {Precision::f64, Precision::f32}) {
        const FirstOrderOptions options{.rule = settings, .schedule = uneven, .weight_decay = 0.01};
        const auto layout = two_tensors();
        Bowl objective = bowl(precision);
        Parameters whole = parameters_at(layout, start(), precision), cut = whole;
        FirstOrder straight(options, layout, {.precision = precision}),
            before(options, layout, {.precision = precision}),
            after(options, layout, {.precision = precision});
        for (int i = 0; i < 11; ++i) straight.step(objective, whole);
        for (int i = 0; i < 6; ++i) before.step(objective, cut);
        copy_state(before.state(), after.state());
        for (int i = 0; i < 5; ++i) after.step(objective, cut);
        EXPECT_EQ(std::memcmp(whole.values().data(), cut.values().data(), whole.values().byte_count()), 0);
    }
}

// A warm-up that begins at 0 moves neither the weights nor d, and divides nothing by 0.
TEST(Prodigy, WaitsWhileTheRateIsZero) {
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(two_tensors(), start(), Precision::f64);
    FirstOrder optimizer(
        {.rule = settings, .schedule = [](int64_t step, RunLength) { return step < 3 ? 0.0 : 1.0; }},
        x.shared_layout(), {.precision = Precision::f64});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(optimizer.step(objective, x).outcome, StepOutcome::updated);
    EXPECT_EQ(x.values().to_doubles(), start());
    for (int i = 0; i < 20; ++i) optimizer.step(objective, x);
    EXPECT_GT(optimizer.step(objective, x).learning_rate, 0.02);
}

TEST(Prodigy, FindsTheMinimumWithoutARate) {
    Bowl objective = bowl(Precision::f64);
    Parameters x = parameters_at(two_tensors(), start(), Precision::f64);
    const double before = objective.value(x);
    FirstOrder optimizer({.rule = Prodigy{}}, x.shared_layout(), {.precision = Precision::f64});
    for (int i = 0; i < 2000; ++i) optimizer.step(objective, x);
    EXPECT_LT(objective.value(x), 1e-3 * before);
    EXPECT_EQ(optimizer.concern(), "");
    EXPECT_EQ(optimizer.average(), "none");
}

// Single precision loses steps of 1e-6 beside weights of 1000: d has nothing to grow by.
TEST(Prodigy, ADThatIsStuckIsAConcern) {
    const std::vector<double> far(7, 1000);
    for (const double initial_d : {1e-6, 1e-3}) {
        Bowl objective = bowl(Precision::f32);
        Parameters x = parameters_at(two_tensors(), far, Precision::f32);
        FirstOrder optimizer({.rule = Prodigy{.initial_d = initial_d}}, x.shared_layout(), {});
        for (int i = 0; i < 49; ++i) optimizer.step(objective, x);
        EXPECT_EQ(optimizer.concern(), "");
        for (int i = 0; i < 10; ++i) optimizer.step(objective, x);
        if (initial_d == 1e-3)
            EXPECT_EQ(optimizer.concern(), "");
        else
            EXPECT_EQ(optimizer.concern(),
                      "prodigy: after 59 updates d is still 1e-06, where it began: nothing is learned; "
                      "expected it to grow within 50; try initial_d=0.0001");
    }
}

}  // namespace
}  // namespace ravine
