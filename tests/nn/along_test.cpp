// f, f' and f'' along a step, as learned rates ask for them, against differences.
#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::Training;

void expect_differences(const NetworkOptions& options, int64_t batch) {
    SCOPED_TRACE(options.model.text());
    const Network net(options);
    Training training(net, batch, Precision::f64), going_on(net, batch, Precision::f64);
    const int64_t n = training.parameters.values().size();
    Vector gradient(n, Precision::f64), descent(n, Precision::f64);
    ASSERT_TRUE(going_on.objective.expect(Ahead::exact_descent));
    const double loss = going_on.objective.value_and_gradient(going_on.parameters, gradient);
    double squares = 0;
    for (int64_t i = 0; i < n; ++i) {
        descent.set(i, -gradient.at(i));
        squares += gradient.at(i) * gradient.at(i);
    }
    // Steps of a length that moves the weights by about 1e-6 in all: none of the kinks is near.
    const double h = 1e-6 / std::sqrt(squares);
    for (const double eta : {0.0, 0.03 / std::sqrt(squares)}) {
        const auto at = [&](double there) {
            return training.objective.along(training.parameters, descent, there, Curvature::both);
        };
        const Along here = at(eta), above = at(eta + h), below = at(eta - h);
        const double slope = (above.value - below.value) / (2 * h),
                     curvature = (above.slope - below.slope) / (2 * h);
        EXPECT_NEAR(here.slope, slope, 1e-6 * std::abs(slope));
        EXPECT_NEAR(here.curvature, curvature, 1e-6 * std::abs(curvature));
        EXPECT_GT(std::abs(curvature), 1e-6 * squares);
        EXPECT_GE(here.gauss_newton, 0);
        if (eta > 0) continue;
        EXPECT_NEAR(here.slope, -squares, 1e-12 * squares);
        const Along ahead = going_on.objective.along_descent(going_on.parameters, Curvature::exact);
        EXPECT_NEAR(ahead.value, loss, 1e-13 * loss);
        EXPECT_NEAR(ahead.slope, here.slope, 1e-12 * squares);
        EXPECT_NEAR(ahead.curvature, here.curvature, 1e-11 * std::abs(here.curvature));
        EXPECT_NEAR(ahead.curvature, curvature, 1e-6 * std::abs(curvature));
    }
}

TEST(Along, AgreesWithDifferences) {
    expect_differences({.model = Spec::parse("mlp:hidden=20-10"), .feature_shape = {5}, .target_count = 3},
                       16);
    expect_differences({.model = Spec::parse("mlp:hidden=20-10,normalization=batch"),
                        .feature_shape = {5},
                        .target_count = 3},
                       16);
    expect_differences({.model = Spec::parse("mlp:hidden=20-10,dropout=0.3"),
                        .feature_shape = {5},
                        .target_count = 3,
                        .l2 = 0.01},
                       16);
    expect_differences({.model = Spec::parse("lenet"), .feature_shape = {32, 32, 3}, .target_count = 10}, 2);
}

}  // namespace
}  // namespace ravine
