// A rule's step as a function of its rate: theta(eta), and its derivative, come from the rule's graph.
#include <array>

#include "ravine/optim/rules/adam.hpp"
#include "ravine/optim/rules/sgd.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

constexpr CompileOptions in_double{.precision = Precision::f64};

/// Asks in one update for points and slopes, and then decides on a rate.
class Curious : public RatePolicy {
public:
    explicit Curious(std::function<void(StepCurve&)> look) : look_(std::move(look)) {}
    double rate(const RateQuestion& question) override {
        if (question.update == 3) look_(question.curve);
        return 0.01 * static_cast<double>(question.update);
    }

private:
    std::function<void(StepCurve&)> look_;
};

/// Every rule in every form, with tensors that have rates of their own, of which one decays.
template <class Test>
void for_all_rules(Test test) {
    for (const auto& entry : update_rules().entries()) {
        std::vector<Spec> specs{{entry.name, {}}};
        for (const auto& setting : entry.settings)
            if (setting.name == "form")
                for (const char* form : {"velocity", "pytorch", "rewritten", "lookahead"})
                    if (setting.expected.find(form) != std::string::npos)
                        specs.push_back({entry.name, {{"form", form}}});
        if (entry.name == "rmsprop")
            specs.push_back({entry.name, {{"momentum", "0.5"}, {"centered", "true"}}});
        for (const auto& spec : specs) {
            if (spec.text() == "rmsprop-nesterov:form=pytorch") continue;  // refused
            SCOPED_TRACE(spec.text());
            const auto layout = test::two_tensors();
            layout->slices[1].rate = 3;
            test::Bowl objective = test::bowl(Precision::f64);
            Parameters x = test::parameters_at(layout, test::start(), Precision::f64);
            int looked = 0;
            const RatePolicyMaker maker = [&](double) {
                return std::make_unique<Curious>([&](StepCurve& curve) {
                    ++looked;
                    test(spec, x, curve);
                });
            };
            FirstOrder optimizer({.rule = update_rules().make(spec), .rate = maker, .weight_decay = 0.25},
                                 layout, in_double);
            FirstOrder plain({.rule = update_rules().make(spec),
                              .rate = [](double) { return std::make_unique<Curious>([](StepCurve&) {}); },
                              .weight_decay = 0.25},
                             layout, in_double);
            Parameters y = x;
            for (int i = 0; i < 5; ++i) {
                optimizer.step(objective, x);
                plain.step(objective, y);
            }
            EXPECT_EQ(looked, 1);
            // Who looks changes nothing.
            EXPECT_EQ(x.values().to_doubles(), y.values().to_doubles());
        }
    }
}

TEST(StepCurve, IsAffineInTheRateAndItsSlopeIsItsDerivative) {
    for_all_rules([](const Spec&, const Parameters&, StepCurve& curve) {
        const auto at_rest = curve.point(0).values().to_doubles(),
                   far = curve.point(0.5).values().to_doubles();
        const auto ahead = curve.point(0.2 + 1e-4).values().to_doubles(),
                   behind = curve.point(0.2 - 1e-4).values().to_doubles();
        const auto slope = curve.slope(0.2).to_doubles(), elsewhere = curve.slope(7).to_doubles();
        for (size_t i = 0; i < slope.size(); ++i) {
            const double size = 1 + std::abs(slope[i]);
            EXPECT_NEAR(slope[i], (ahead[i] - behind[i]) / 2e-4, 1e-10 * size);
            EXPECT_NEAR(elsewhere[i], slope[i], 1e-14 * size);
            EXPECT_NEAR(far[i], at_rest[i] + 0.5 * slope[i], 1e-13 * size);
            EXPECT_NE(slope[i], 0);
        }
    });
}

// start() + eta direction() is theta(eta), or for the forms of Nesterov's rule that store the point of the
// next gradient x - eta b with x the point of this one: b is g, or g over the root of its mean square, and
// decays.
TEST(StepCurve, IsJudgedAlongItsDirection) {
    for_all_rules([](const Spec& spec, const Parameters& x, StepCurve& curve) {
        const auto from = curve.start().values().to_doubles(), b = curve.direction().to_doubles();
        const bool is_stored_elsewhere =
            spec.text().find("form=rewritten") != std::string::npos || spec.text() == "nesterov";
        for (const double eta : {0.0, 0.2, 3.0}) {
            const auto there = curve.point(eta).values().to_doubles();
            for (size_t i = 0; i < b.size() && !is_stored_elsewhere; ++i)
                EXPECT_NEAR(from[i] + eta * b[i], there[i], 1e-13 * (1 + std::abs(there[i])));
        }
        test::Bowl objective = test::bowl(Precision::f64);
        const auto at = x.values().to_doubles();
        if (is_stored_elsewhere) {
            EXPECT_EQ(from, at);
            for (size_t i = 0; i < b.size(); ++i) {
                const double decay = i < 4 ? 0.25 * at[i] : 0, rate = i < 4 ? 1 : 3;
                const double own = b[i] / rate + decay;  // -g, or -g / root
                EXPECT_NEAR(own, spec.name == "nesterov" ? -objective.slope(i, at[i]) : own, 1e-13);
                EXPECT_LE(own * objective.slope(i, at[i]), 0);
            }
        }
        // Its derivatives are differences of its values.
        for (const double eta : {0.0, 0.2}) {
            const Along found = curve.along(objective, eta, Curvature::both);
            const double h = 1e-3;
            const std::array rates{eta + h, eta - h, eta};
            std::array<double, 3> f{};
            curve.values(objective, rates, f);
            EXPECT_NEAR(found.value, f[2], 1e-13 * f[2]);
            EXPECT_NEAR(found.slope, (f[0] - f[1]) / (2 * h), 1e-9 * (1 + std::abs(found.slope)));
            EXPECT_NEAR(found.curvature, (f[0] + f[1] - 2 * f[2]) / (h * h),
                        1e-6 * (1 + std::abs(found.curvature)));
        }
    });
}

TEST(StepCurve, TheStepGoesToItsPoint) {
    test::Bowl objective = test::bowl(Precision::f64);
    Parameters x = test::parameters_at(test::two_tensors(), test::start(), Precision::f64);
    std::vector<double> promised;
    FirstOrder optimizer({.rule = Adam{},
                          .rate =
                              [&](double) {
                                  return std::make_unique<Curious>([&](StepCurve& curve) {
                                      promised = curve.point(0.03).values().to_doubles();
                                  });
                              }},
                         x.shared_layout(), in_double);
    for (int i = 0; i < 3; ++i) optimizer.step(objective, x);
    EXPECT_EQ(x.values().to_doubles(), promised);
}

// With decay the slope of SGD is -(g + decay theta), times the rate of the tensor.
TEST(StepCurve, SlopeOfSgdByHand) {
    const auto layout = test::two_tensors();
    layout->slices[1].rate = 3;
    test::Bowl objective = test::bowl(Precision::f64);
    Parameters x = test::parameters_at(layout, test::start(), Precision::f64);
    std::vector<double> before, slope;
    FirstOrder optimizer({.rule = Sgd{},
                          .rate =
                              [&](double) {
                                  return std::make_unique<Curious>([&](StepCurve& curve) {
                                      before = x.values().to_doubles();
                                      slope = curve.slope(1).to_doubles();
                                  });
                              },
                          .weight_decay = 0.25},
                         layout, in_double);
    for (int i = 0; i < 3; ++i) optimizer.step(objective, x);
    for (size_t i = 0; i < slope.size(); ++i) {
        const double g = objective.slope(i, before[i]);
        EXPECT_NEAR(slope[i], i < 4 ? -g - 0.25 * before[i] : -3 * g, 1e-14);
    }
}

TEST(StepCurve, FrozenTensorsDoNotMove) {
    const auto layout = test::two_tensors();
    layout->slices[0].trainable = false;
    test::Bowl objective = test::bowl(Precision::f64);
    Parameters x = test::parameters_at(layout, test::start(), Precision::f64);
    FirstOrder optimizer({.rule = Sgd{},
                          .rate =
                              [&](double) {
                                  return std::make_unique<Curious>([&](StepCurve& curve) {
                                      EXPECT_EQ(curve.point(5).values().at(2), test::start()[2]);
                                      EXPECT_EQ(curve.slope(5).at(2), 0);
                                      EXPECT_NE(curve.slope(5).at(5), 0);
                                  });
                              }},
                         layout, in_double);
    for (int i = 0; i < 3; ++i) optimizer.step(objective, x);
}

}  // namespace
}  // namespace ravine
