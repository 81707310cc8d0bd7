// What goes on from a gradient is what would be computed anew.
#include <array>

#include "ravine/core/error.hpp"
#include "tests/optim/curved_net.hpp"

namespace ravine {
namespace {

using namespace test;

constexpr std::array all_ahead{Ahead::gauss_newton_along, Ahead::exact_along,    Ahead::gauss_newton_descent,
                               Ahead::exact_descent,      Ahead::hessian_vector, Ahead::gauss_newton_vector};

/// Expects what `what` brings at the last gradient's point to be what another objective computes anew.
void expect_as_anew(CurvedNet& net, Ahead what, double relative) {
    Vector gradient(32, net.precision);
    const double value = net.anew->value(net.at);
    EXPECT_NEAR(net.objective->value_and_gradient(net.at, gradient), value, relative * value);
    const auto near = [&](double found, double expected) {
        EXPECT_NEAR(found, expected, relative * (1 + std::abs(expected)));
        EXPECT_NE(expected, 0);
    };
    for (const double frequency : {0.9, 1.7, 2.9}) {  // several at one point
        const Vector v = net.direction(frequency);
        Vector product(32, net.precision, 7), expected(32, net.precision);
        switch (what) {
            case Ahead::hessian_vector:
                net.objective->hessian_vector(net.at, v, product);
                net.anew->hessian_vector(net.at, v, expected);
                expect_near(product.to_doubles(), expected.to_doubles(), relative);
                break;
            case Ahead::gauss_newton_vector:
                net.objective->gauss_newton_vector(net.at, v, product);
                net.anew->gauss_newton_vector(net.at, v, expected);
                expect_near(product.to_doubles(), expected.to_doubles(), relative);
                break;
            case Ahead::exact_along:
            case Ahead::exact_descent: {
                const bool descends = what == Ahead::exact_descent;
                const Along found = descends ? net.objective->along_descent(net.at, Curvature::exact)
                                             : net.objective->along(net.at, v, 0, Curvature::exact),
                            full = net.anew->along(net.at, descends ? net.descent(gradient) : v, 0);
                near(found.value, full.value);
                near(found.slope, full.slope);
                near(found.curvature, full.curvature);
                EXPECT_TRUE(std::isnan(found.gauss_newton));
                break;
            }
            default: {
                const bool descends = what == Ahead::gauss_newton_descent;
                const Along found = descends ? net.objective->along_descent(net.at, Curvature::gauss_newton)
                                             : net.objective->along(net.at, v, 0, Curvature::gauss_newton),
                            full = net.anew->along(net.at, descends ? net.descent(gradient) : v, 0);
                near(found.value, full.value);
                near(found.slope, full.slope);
                near(found.gauss_newton, full.gauss_newton);
                EXPECT_TRUE(std::isnan(found.curvature));
            }
        }
    }
    // What follows is not disturbed.
    Vector again(32, net.precision);
    net.objective->value_and_gradient(net.at, again);
    EXPECT_EQ(again.to_doubles(), gradient.to_doubles());
}

TEST(Ahead, IsWhatWouldBeComputedAnew) {
    for (const auto precision : {Precision::f64, Precision::f32})
        for (const bool frozen : {false, true})
            for (const Ahead what : all_ahead) {
                SCOPED_TRACE(static_cast<int>(what));
                CurvedNet net(precision, frozen);
                ASSERT_TRUE(net.objective->expect(what));
                const double relative = precision == Precision::f64 ? 1e-13 : 1e-5;
                for (int step = 0; step < 3; ++step) {
                    expect_as_anew(net, what, relative);
                    net.at.write()->set(step, 0.1 * step - 1);
                }
                net.on(net.other);
                expect_as_anew(net, what, relative);
            }
}

// The work tells where something went on: computed anew a Hessian product has two forward passes.
TEST(Ahead, AnotherPointOrSampleFallsBackToComputingAnew) {
    CurvedNet net(Precision::f64);
    ASSERT_TRUE(net.objective->expect(Ahead::hessian_vector));
    const Vector v = net.direction(0.9);
    Vector gradient(32, Precision::f64), product(32, Precision::f64), expected(32, Precision::f64);
    const auto forward_passes = [&] {
        const int64_t before = net.objective->work().forward_passes;
        net.objective->hessian_vector(net.at, v, product);
        net.anew->hessian_vector(net.at, v, expected);
        expect_near(product.to_doubles(), expected.to_doubles(), 1e-13);
        return net.objective->work().forward_passes - before;
    };
    EXPECT_EQ(forward_passes(), 2);  // no gradient was evaluated yet
    net.objective->value_and_gradient(net.at, gradient);
    EXPECT_EQ(forward_passes(), 1);
    net.at.write()->set(3, 0.75);
    EXPECT_EQ(forward_passes(), 2);  // another point
    net.objective->value_and_gradient(net.at, gradient);
    EXPECT_EQ(forward_passes(), 1);
    net.on(net.other);
    EXPECT_EQ(forward_passes(), 2);  // another sample
    net.objective->value_and_gradient(net.at, gradient);
    net.objective->value(net.at);
    EXPECT_EQ(forward_passes(), 1);  // known already: nothing was computed
    const std::vector<double> before = net.at.values().to_doubles();
    Parameters elsewhere(net.layout, Precision::f64);
    net.objective->value(elsewhere);
    EXPECT_EQ(forward_passes(), 2);  // the value at another point took the memory
    net.objective->value_and_gradient(net.at, gradient);
    EXPECT_EQ(forward_passes(), 1);
    // Along a direction at another step, and in another kind, it is computed anew too.
    ASSERT_TRUE(net.objective->expect(Ahead::exact_along));
    net.objective->value_and_gradient(net.at, gradient);
    for (const double step : {0.0, 0.25})
        for (const Curvature wanted : {Curvature::exact, Curvature::gauss_newton, Curvature::none}) {
            const Along found = net.objective->along(net.at, v, step, wanted),
                        full = net.anew->along(net.at, v, step);
            EXPECT_NEAR(found.value, full.value, 1e-13);
            EXPECT_NEAR(found.slope, full.slope, 1e-13);
            EXPECT_NEAR(wanted == Curvature::exact ? found.curvature : full.curvature, full.curvature, 1e-13);
            EXPECT_NEAR(wanted == Curvature::gauss_newton ? found.gauss_newton : full.gauss_newton,
                        full.gauss_newton, 1e-13);
        }
    EXPECT_EQ(net.at.values().to_doubles(), before);
}

TEST(Ahead, WhatIsNotExpectedIsRefused) {
    CurvedNet net(Precision::f64);
    Vector gradient(32, Precision::f64);
    net.objective->value_and_gradient(net.at, gradient);
    EXPECT_THROW(net.objective->along_descent(net.at, Curvature::exact), std::logic_error);
    ASSERT_TRUE(net.objective->expect(Ahead::exact_descent));
    EXPECT_THROW(net.objective->along_descent(net.at, Curvature::exact),
                 std::logic_error);  // no gradient yet
    net.objective->value_and_gradient(net.at, gradient);
    EXPECT_THROW(net.objective->along_descent(net.at, Curvature::gauss_newton), std::logic_error);
    net.objective->along_descent(net.at, Curvature::exact);
    net.at.write()->set(0, 2);
    EXPECT_THROW(net.objective->along_descent(net.at, Curvature::exact), std::logic_error);
    ASSERT_TRUE(net.objective->expect(Ahead::nothing));
    EXPECT_EQ(net.objective->program().phase_count(), 2);
    Bowl bowl = test::bowl(Precision::f64);
    EXPECT_FALSE(bowl.expect(Ahead::exact_descent));
    EXPECT_THROW(bowl.along_descent(net.at, Curvature::exact), std::logic_error);
}

}  // namespace
}  // namespace ravine
