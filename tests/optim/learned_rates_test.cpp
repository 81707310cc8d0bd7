// Rates that are learned, worked out by hand on a bowl: two tensors, of which the second has three times the
// rate, under a schedule that changes from step to step.
#include <array>

#include "ravine/core/error.hpp"
#include "ravine/optim/rates/exact_newton.hpp"
#include "ravine/optim/rates/first_order_rate.hpp"
#include "ravine/optim/rates/five_losses.hpp"
#include "ravine/optim/rules/nesterov.hpp"
#include "ravine/optim/rules/sgd.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

constexpr CompileOptions in_f64{.precision = Precision::f64};
constexpr double base = 0.02;
constexpr size_t numbers = 7;

RatePolicyMaker policy(const std::string& text) { return rate_policies().make(Spec::parse(text)); }

std::shared_ptr<ParameterLayout> tensors_with_rates() {
    auto layout = two_tensors();
    layout->slices[1].rate = 3;
    return layout;
}

double rate_of_tensor(size_t i) { return i < 4 ? 1 : 3; }

/// Gradient descent on the bowl in plain code: f(eta) = F(x + eta b), b = -rate g.
struct ByHand {
    Bowl bowl = test::bowl(Precision::f64);
    std::vector<double> x = start();

    double slope(size_t i) const { return bowl.slope(i, x[i]); }
    double along(size_t i) const { return -rate_of_tensor(i) * slope(i); }
    double first() const {  // f'(0)
        double total = 0;
        for (size_t i = 0; i < numbers; ++i) total += slope(i) * along(i);
        return total;
    }
    double second() const {  // f'', whatever eta
        double total = 0;
        for (size_t i = 0; i < numbers; ++i) total += (bowl.slope(i, x[i] + along(i)) - slope(i)) * along(i);
        return total;
    }
    void step(double eta) {
        std::vector<double> b;
        for (size_t i = 0; i < numbers; ++i) b.push_back(along(i));
        for (size_t i = 0; i < numbers; ++i) x[i] += eta * b[i];
    }
};

/// The optimizer beside it.
struct Learned {
    Bowl objective = test::bowl(Precision::f64);
    Parameters x;
    FirstOrder optimizer;

    explicit Learned(const std::string& rate,
                     FirstOrderOptions options = {.rule = Sgd{.learning_rate = base}})
        : x(parameters_at(tensors_with_rates(), start(), Precision::f64)),
          optimizer(with(std::move(options), rate), x.shared_layout(), in_f64) {}

    double step() {
        const StepReport report = optimizer.step(objective, x);
        EXPECT_EQ(report.outcome, StepOutcome::updated);
        return report.learning_rate;
    }
    int64_t count(const std::string& name) const {
        for (const auto& counted : optimizer.rate_counts())
            if (counted.name == name) return counted.count;
        ADD_FAILURE() << name;
        return -1;
    }

private:
    static FirstOrderOptions with(FirstOrderOptions options, const std::string& rate) {
        options.rate = policy(rate);
        return options;
    }
};

FirstOrderOptions uneven_sgd() { return {.rule = Sgd{.learning_rate = base}, .schedule = uneven}; }

/// Steps both, where `rate` gives what the policy should find at step t from what it looks at.
template <class Rate>
void expect_rates(const std::string& text, Rate rate, int steps = 8, double tolerance = 1e-10) {
    SCOPED_TRACE(text);
    Learned learned(text, uneven_sgd());
    ByHand hand;
    for (int t = 0; t < steps; ++t) {
        const double multiplier = uneven(t, {}), eta = rate(hand, t) * multiplier;
        EXPECT_NEAR(learned.step(), eta, tolerance * eta) << t;
        hand.step(eta);
        expect_near(learned.x.values().to_doubles(), hand.x, tolerance);
    }
}

// eta_{t+1} = eta_t - alpha f'(eta_t): on one batch the next gradient's product with the direction is f'.
TEST(FirstOrderRateOnABowl, FollowsItsGradient) {
    for (const char* derivative : {"exact", "differences"})
        for (const double momentum : {0.0, 0.5}) {
            double eta = base, change = 0;
            expect_rates(fmt::format("first-order:alpha=1e-4,momentum={},derivative={},epsilon=1e-3",
                                     momentum, derivative),
                         [&](const ByHand& hand, int) {
                             const double used = eta;
                             change = momentum * change - 1e-4 * (hand.first() + eta * hand.second());
                             eta += change;
                             return used;
                         });
        }
    // Successive gradients see the slope where the step ended, with the schedule's multiplier.
    double eta = base, change = 0, slope = 0;
    expect_rates("first-order:alpha=1e-4,momentum=0.5", [&](const ByHand& hand, int t) {
        if (t > 0) {
            change = 0.5 * change - 1e-4 * slope;
            eta += change;
        }
        slope = hand.first() + eta * uneven(t, {}) * hand.second();
        return eta;
    });
}

TEST(FirstOrderRateOnABowl, SuccessiveIsExactOnOneBatch) {
    Learned successive("first-order:alpha=1e-4"), exact("first-order:alpha=1e-4,derivative=exact");
    for (int t = 0; t < 10; ++t) {
        const double a = successive.step();
        EXPECT_NEAR(a, exact.step(), 1e-14);
        EXPECT_TRUE(t == 0 || a != base);
    }
}

TEST(FirstOrderRateOnABowl, StaysAtItsFloorAndCounts) {
    Learned learned("first-order:alpha=0.01,floor=0.02,derivative=exact",
                    {.rule = Sgd{.learning_rate = 0.5}});  // far too large: it falls at once
    EXPECT_EQ(learned.step(), 0.5);
    EXPECT_EQ(learned.count("floored"), 1);
    EXPECT_EQ(learned.step(), 0.02);
}

// On a quadratic Newton's step from any eta ends at the minimiser along this step; it is the rate of the next
// one. Without rates of tensors it is g'g / g'Ag of the gradient before: Barzilai and Borwein 1988, eq. 5.
TEST(FiveLossesOnABowl, LagsOneStepBehindTheMinimiser) {
    double eta = base;
    expect_rates(
        "five-losses:epsilon=0.01",
        [&](const ByHand& hand, int) {
            const double used = eta;
            eta = -hand.first() / hand.second();
            return used;
        },
        8, 1e-7);
}

TEST(FiveLossesOnABowl, IsNotMonotone) {
    Learned learned("five-losses:epsilon=0.01");
    int rises = 0;
    for (double before = learned.objective.value(learned.x), now = 0; rises < 100; before = now) {
        if (learned.optimizer.steps() == 60) break;
        learned.step();
        now = learned.objective.value(learned.x);
        rises += now > before;
    }
    EXPECT_GT(rises, 3);
    EXPECT_LT(learned.objective.value(learned.x), 1e-6);  // and quick for all that
}

TEST(FiveLossesOnABowl, SettingsActEachForItselfAndAreCounted) {
    // c = 4 e^2 f'' is about 0 here: delta is added.
    double eta = base, change = 0;
    const double e = 0.01, delta = 1;
    expect_rates(
        "five-losses:epsilon=0.01,near_zero=1e6,delta=1,momentum=0.25",
        [&](const ByHand& hand, int) {
            const double used = eta, slope = hand.first() + eta * hand.second();
            change = 0.25 * change - 4 * e * e * slope / (4 * e * e * hand.second() + delta);
            eta += change;
            return used;
        },
        4, 1e-7);
    Learned always("five-losses:epsilon=0.01,near_zero=1e6,delta=1");
    for (int t = 0; t < 4; ++t) always.step();
    EXPECT_EQ(always.count("near_zero"), 4);
    EXPECT_EQ(always.count("floored"), 0);
    Learned never("five-losses:epsilon=0.01,near_zero=0,delta=1");
    never.step();
    EXPECT_EQ(never.count("near_zero"), 0);
    // Uphill the minimiser lies at a negative rate: the floor.
    Learned floored("five-losses:epsilon=0.01,floor=0.001");
    floored.objective.gradient_scale = -1;
    EXPECT_EQ(floored.step(), base);
    EXPECT_EQ(floored.count("floored"), 1);
    floored.objective.gradient_scale = 1;
    EXPECT_EQ(floored.step(), 0.001);
    EXPECT_EQ(floored.count("floored"), 1);
    EXPECT_EQ(floored.count("climbed"), 0);
    // A hill instead of a bowl.
    Learned hill("five-losses:epsilon=0.01");
    hill.objective = {{-1, -3, -0.5, -2, -0.1, -10, -1.25}, {0, 0.5, -1, 0.25, 3, 0.375, 0}, Precision::f64};
    hill.step();
    EXPECT_EQ(hill.count("climbed"), 1);
}

TEST(ExactNewtonOnABowl, IsCauchysStepAtOnce) {
    for (const char* curvature : {"exact", "gauss-newton"}) {
        const auto all = [&](const std::string& more) {
            return fmt::format("exact-newton:curvature={},growth=1e9,memory=0,slope=own,noise=0,{}",
                               curvature, more);
        };
        expect_rates(all("at=zero,share=1"),
                     [](const ByHand& hand, int) { return -hand.first() / hand.second(); });
        double eta = base;
        expect_rates(all("at=current,share=1"), [&](const ByHand& hand, int) {
            return eta -= (hand.first() + eta * hand.second()) / hand.second();
        });
        eta = base;
        expect_rates(all("at=current,share=0.5"), [&](const ByHand& hand, int) {
            return eta -= 0.5 * (hand.first() + eta * hand.second()) / hand.second();
        });
        expect_rates(all("at=zero,share=0.8"),
                     [](const ByHand& hand, int) { return -0.8 * hand.first() / hand.second(); });
    }
}

TEST(ExactNewtonOnABowl, NeverClimbs) {
    Learned learned("exact-newton:at=zero,share=1,memory=0,slope=own,noise=0,growth=1e9");
    for (int t = 0; t < 100; ++t) {
        const double before = learned.objective.value(learned.x);
        learned.step();
        EXPECT_LT(learned.objective.value(learned.x), before);
    }
    EXPECT_EQ(learned.count("kept") + learned.count("noisy") + learned.count("bounded"), 0);
}

TEST(ExactNewtonOnABowl, MemoryAveragesSlopeAndCurvatureEachForItself) {
    double slope = 0, curvature = 0;
    expect_rates("exact-newton:at=zero,memory=0.75,growth=1e9,share=1,slope=own,noise=0",
                 [&](const ByHand& hand, int) {
                     slope = 0.75 * slope + 0.25 * hand.first();
                     curvature = 0.75 * curvature + 0.25 * hand.second();
                     return -slope / curvature;  // both are divided by 1 - m^t
                 });
}

// On one batch the next gradient knows the slope at 0 of the last step, wherever that ended: the rate is that
// of the step before, as if it had been its own.
TEST(ExactNewtonOnABowl, IndependentSlopesAreThoseOfTheStepBefore) {
    double eta = base, next = 0;
    expect_rates("exact-newton:slope=independent,memory=0,growth=1e9,share=1,noise=0",
                 [&](const ByHand& hand, int t) {
                     if (t > 0) eta = next;
                     next = -hand.first() / hand.second();
                     return eta;
                 });
}

TEST(ExactNewtonOnABowl, GrowthBoundsTheRateFromOneStepToTheNext) {
    double last = 0;
    int bounded = 0, t_last = 0;
    const std::string text = "exact-newton:at=zero,growth=1.25,share=1,memory=0,slope=own,noise=0";
    expect_rates(text, [&](const ByHand& hand, int t) {
        const double found = -hand.first() / hand.second();
        const double now = t == 0 ? found : std::clamp(found, last / 1.25, last * 1.25);
        bounded += now != found;
        t_last = t;
        return last = now;
    });
    Learned learned(text, uneven_sgd());
    for (int t = 0; t <= t_last; ++t) learned.step();
    EXPECT_EQ(learned.count("bounded"), bounded);
    EXPECT_GT(bounded, 0);
}

TEST(ExactNewtonOnABowl, KeepsTheRateWhereNoMinimiserLiesAhead) {
    Learned learned("exact-newton:at=zero,share=1,memory=0,slope=own,noise=0");
    learned.objective.gradient_scale = -1;  // uphill
    EXPECT_EQ(learned.step(), base);
    EXPECT_EQ(learned.count("kept"), 1);
    learned.objective.gradient_scale = 1;
    const double found = learned.step();
    EXPECT_NE(found, base);
    EXPECT_EQ(learned.count("kept"), 1);
    learned.objective = {
        {-1, -3, -0.5, -2, -0.1, -10, -1.25}, {0, 0.5, -1, 0.25, 3, 0.375, 0}, Precision::f64};
    EXPECT_EQ(learned.step(), found);  // curved downwards
    EXPECT_EQ(learned.count("kept"), 2);
}

TEST(ExactNewtonOnABowl, DecaysWhereTheSlopeIsNoise) {
    // A slope of every other sign: its mean is not below 0 by two standard errors.
    Learned learned("exact-newton:at=zero,memory=0.9,noise=2,decay=0.5,share=1,slope=own,growth=1e9");
    ByHand hand;
    double sum = 0, squares = 0, weight = 0, curvature = 0, eta = base;
    int noisy = 0;
    for (int t = 0; t < 8; ++t) {
        const double sign = t % 2 == 0 ? 1 : -1, slope = sign * hand.first();
        learned.objective.gradient_scale = sign;
        sum = 0.9 * sum + 0.1 * slope;
        squares = 0.9 * squares + 0.1 * slope * slope;
        curvature = 0.9 * curvature + 0.1 * hand.second();
        weight = 0.9 * weight + 0.1;
        const double mean = sum / weight, variance = std::max(0.0, squares / weight - mean * mean);
        const bool is_noise = mean + 2 * std::sqrt(variance * 0.1 / 1.9) >= 0;
        noisy += is_noise;
        eta = is_noise ? 0.5 * eta : -sum / curvature;
        EXPECT_NEAR(learned.step(), eta, 1e-12);
        hand.step(sign * eta);
    }
    EXPECT_EQ(learned.count("noisy"), noisy);
    EXPECT_GT(noisy, 2);
    EXPECT_LT(noisy, 8);
}

// Clipping by a norm bounds the length of the step, not that of the gradient, which a minimiser ignores.
TEST(LearnedRates, ClippingByNormBoundsTheStep) {
    for (const auto kind : {Clipping::Kind::norm, Clipping::Kind::tensor_norm})
        for (const double limit : {0.05, 1e3}) {
            FirstOrderOptions options{.rule = Sgd{.learning_rate = base}, .clipping = {kind, limit}};
            Learned learned("exact-newton:at=zero,growth=1e9,share=1,memory=0,slope=own,noise=0", options);
            ByHand hand;
            for (int t = 0; t < 5; ++t) {
                double first = 0, second = 0;
                for (size_t i = 0; i < numbers; ++i)
                    (i < 4 ? first : second) += hand.along(i) * hand.along(i);
                const double length = std::sqrt(kind == Clipping::Kind::norm ? first + second
                                                                             : std::max(first, second)),
                             eta = std::min(-hand.first() / hand.second(), limit / length);
                EXPECT_NEAR(learned.step(), eta, 1e-12);
                EXPECT_EQ(eta * length > 0.999 * limit, limit == 0.05);
                hand.step(eta);
                expect_near(learned.x.values().to_doubles(), hand.x, 1e-12);
            }
        }
}

TEST(LearnedRates, CountsInWords) {
    EXPECT_EQ(in_words({{"a", "this happened", 0}}), "");
    EXPECT_EQ(in_words({{"a", "this happened", 3}, {"b", "that", 0}, {"c", "the other did", 1}}),
              "3 times this happened; once the other did");
}

TEST(LearnedRates, BadSettingsAreRefused) {
    const auto refused = [](const std::string& text, const std::string& part) {
        try {
            policy(text);
            ADD_FAILURE() << text;
        } catch (const RequestError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(part));
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        }
    };
    for (const char* bad : {"0", "-1e-5", "nan"}) {
        refused(fmt::format("five-losses:epsilon={}", bad), "epsilon");
        refused(fmt::format("first-order:epsilon={}", bad), "epsilon");
        refused(fmt::format("first-order:alpha={}", bad), "alpha");
        refused(fmt::format("exact-newton:share={}", bad), "share");
    }
    refused("exact-newton:growth=1", "growth");
    refused("exact-newton:decay=1", "decay");
    refused("exact-newton:memory=1", "memory");
    refused("five-losses:momentum=1", "momentum");
    refused("five-losses:delta=-1", "delta");
    refused("exact-newton:at=current,slope=independent,memory=0,noise=0", "at=zero");
    refused("exact-newton:at=current,noise=1", "at=zero");
    refused("exact-newton:noise=2,memory=0", "memory");
    refused("exact-newton:slope=independent,batch=validation", "slope=own");
    refused("first-order:batch=validation", "derivative=exact");
}

}  // namespace
}  // namespace ravine
