#include <optional>

#include "ravine/optim/rates/exact_newton.hpp"
#include "tests/optim/support.hpp"

namespace ravine::test {
namespace {

/// f(eta) = curvature/2 (eta - minimiser)^2: all that a policy is told of a step.
class Parabola : public StepCurve {
public:
    Parabola(double minimiser, double curvature) : minimiser_(minimiser), curvature_(curvature) {}
    const Parameters& point(double) override { return parameters_; }
    const Vector& slope(double) override { return parameters_.values(); }
    const Parameters& start() override { return parameters_; }
    const Vector& direction() override { return parameters_.values(); }
    Along along(Objective&, double eta, Curvature) override {
        const double off = eta - minimiser_;
        return {.value = curvature_ / 2 * off * off,
                .slope = curvature_ * off,
                .curvature = curvature_,
                .gauss_newton = curvature_};
    }
    void values(Objective&, std::span<const double>, std::span<double>) override { FAIL(); }

private:
    double minimiser_, curvature_;
    Parameters parameters_ = parameters_at(two_tensors(), test::start(), Precision::f64);
};

/// The rates of steps whose minimisers are these.
std::vector<double> rates_of(const ExactNewton& settings, double first,
                             const std::vector<double>& minimisers) {
    const auto policy = make_exact_newton(settings, first);
    Bowl objective = bowl(Precision::f64);
    const Parameters at = parameters_at(two_tensors(), start(), Precision::f64);
    std::vector<double> rates;
    for (const double minimiser : minimisers) {
        Parabola curve(minimiser, 3);
        rates.push_back(policy->rate({.update = std::ssize(rates) + 1,
                                      .loss = 1,
                                      .last_rate = rates.empty() ? 0 : rates.back(),
                                      .objective = objective,
                                      .judge = objective,
                                      .at = at,
                                      .gradient = at.values(),
                                      .curve = curve}));
    }
    return rates;
}

TEST(ExactNewtonLag, ARateThatIsAppliedNextIsTheMinimiserOfTheStepBefore) {
    using E = ExactNewton;
    for (const auto at : {E::At::zero, E::At::current}) {
        EXPECT_THAT(rates_of({.at = at, .share = 1, .memory = 0, .growth = 1e12}, 0.5, {2, 8, 1}),
                    testing::Pointwise(testing::DoubleNear(1e-12), {2.0, 8.0, 1.0}));
        EXPECT_THAT(rates_of({.at = at, .share = 1, .memory = 0, .growth = 1e12, .applied = E::Applied::next},
                             0.5, {2, 8, 1}),
                    testing::Pointwise(testing::DoubleNear(1e-12), {0.5, 2.0, 8.0}));
    }
}

TEST(ExactNewtonLag, IndependentSlopesKnowTheRateThatTheyFound) {
    try {
        make_exact_newton(
            {.memory = 0.9, .slope = ExactNewton::Slope::independent, .applied = ExactNewton::Applied::next},
            0.1);
        FAIL();
    } catch (const RequestError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("applied=next"));
    }
}

}  // namespace
}  // namespace ravine::test
