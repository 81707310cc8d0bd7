// A learned rate goes with every rule, and changes nothing but the rate.
#include "tests/optim/curved_net.hpp"

namespace ravine {
namespace {

using namespace test;

const std::vector<std::string> all_rates{
    "first-order:alpha=1e-3",
    "first-order:alpha=1e-3,derivative=exact,momentum=0.5",
    "first-order:alpha=1e-3,derivative=differences,epsilon=1e-3",
    "five-losses:epsilon=1e-2,near_zero=1e-3,delta=1e-2",
    "exact-newton:at=zero,curvature=gauss-newton,share=1,memory=0,slope=own,noise=0",
    "exact-newton:at=zero,curvature=exact,memory=0.5,slope=own,noise=0",
    "exact-newton:at=current,curvature=exact,memory=0,slope=own,noise=0",
    "exact-newton:slope=independent,memory=0.5,noise=1"};

const std::vector<std::string> all_rules{"sgd",
                                         "momentum",
                                         "momentum:form=pytorch",
                                         "nesterov:form=lookahead",
                                         "nesterov:form=rewritten",
                                         "nesterov:form=pytorch",
                                         "rmsprop:momentum=0.5",
                                         "rmsprop-nesterov:form=lookahead",
                                         "rmsprop-nesterov:form=rewritten",
                                         "adam",
                                         "adadelta",
                                         "delta-bar-delta"};

/// Plays rates that somebody else decided on.
class Replay : public RatePolicy {
public:
    explicit Replay(const std::vector<double>& rates) : rates_(rates) {}
    double rate(const RateQuestion& question) override {
        return rates_.at(static_cast<size_t>(question.update - 1));
    }

private:
    const std::vector<double>& rates_;
};

/// Steps on the net with one of its tensors frozen, one with a rate of its own, and decay.
struct Stepping {
    CurvedNet net;
    FirstOrder optimizer;

    Stepping(const std::string& rule, RatePolicyMaker rate, Precision precision, Clipping clipping = {})
        : net(precision, true),
          optimizer({.rule = update_rules().make(Spec::parse(rule)),
                     .rate = std::move(rate),
                     .clipping = clipping,
                     .weight_decay = 0.1},
                    net.layout, {.precision = precision}) {}
    Stepping(const std::string& rule, const std::string& rate, Precision precision, Clipping clipping = {})
        : Stepping(rule, rate_policies().make(Spec::parse(rate)), precision, clipping) {}

    StepReport step() {
        net.objective->on(optimizer.steps() % 3 == 2 ? net.other : net.sample);
        const StepReport report = optimizer.step(*net.objective, net.at);
        EXPECT_EQ(report.outcome, StepOutcome::updated);
        EXPECT_GT(report.learning_rate, 0);
        return report;
    }
    std::vector<double> weights() const { return net.at.values().to_doubles(); }
};

TEST(LearnedRatesOfRules, ChangeNothingButTheRate) {
    for (const auto precision : {Precision::f32, Precision::f64})
        for (const auto& rule : all_rules)
            for (const auto& rate : all_rates) {
                SCOPED_TRACE(rule + " " + rate);
                Stepping learned(rule, rate, precision);
                std::vector<double> rates;
                Stepping replayed(
                    rule, [&](double) { return std::make_unique<Replay>(rates); }, precision);
                for (int t = 0; t < 6; ++t) {
                    rates.push_back(learned.step().learning_rate);
                    replayed.step();
                    ASSERT_EQ(learned.weights(), replayed.weights()) << t;  // to the bit, frozen ones too
                }
                EXPECT_NE(rates.front(), rates.back());
            }
}

TEST(LearnedRatesOfRules, GoOnToTheBit) {
    for (const auto& rule : all_rules)
        for (const auto& rate : all_rates) {
            SCOPED_TRACE(rule + " " + rate);
            const Clipping clipping{Clipping::Kind::norm, 0.1};
            Stepping whole(rule, rate, Precision::f32, clipping), first(rule, rate, Precision::f32, clipping);
            for (int t = 0; t < 3; ++t) whole.step(), first.step();
            Stepping second(rule, rate, Precision::f32, clipping);
            copy_state(first.optimizer.state(), second.optimizer.state());
            second.net.at.write()->assign(first.net.at.values());
            for (int t = 0; t < 4; ++t) {
                EXPECT_EQ(second.step().learning_rate, whole.step().learning_rate);
                EXPECT_EQ(second.weights(), whole.weights());
            }
            const auto counts = whole.optimizer.rate_counts(), counted = second.optimizer.rate_counts();
            for (size_t i = 0; i < counts.size(); ++i) EXPECT_EQ(counts[i].count, counted[i].count);
        }
}

// The rewritten form stores x = theta + mu v, and is judged where the definition is.
TEST(LearnedRatesOfRules, BothFormsOfNesterovTraceOnePath) {
    for (const std::string rule : {"nesterov", "rmsprop-nesterov"})
        for (const auto& rate : all_rates) {
            SCOPED_TRACE(rule + " " + rate);
            const auto precision = Precision::f64;
            const std::string settings = ":learning_rate=0.05,form=";
            // Without decay, which acts at the stored point.
            const auto make = [&](const std::string& form) {
                return FirstOrderOptions{.rule = update_rules().make(Spec::parse(rule + settings + form)),
                                         .rate = rate_policies().make(Spec::parse(rate))};
            };
            CurvedNet a(precision), b(precision);
            FirstOrder lookahead(make("lookahead"), a.layout, {.precision = precision}),
                rewritten(make("rewritten"), b.layout, {.precision = precision});
            for (int t = 0; t < 8; ++t) {
                const StepReport one = lookahead.step(*a.objective, a.at),
                                 other = rewritten.step(*b.objective, b.at);
                EXPECT_NEAR(one.learning_rate, other.learning_rate, 1e-8 * one.learning_rate) << t;
                EXPECT_NEAR(one.loss, other.loss, 1e-9) << t;  // where the gradient was evaluated
                EXPECT_NE(one.learning_rate, 0);
            }
        }
}

// What goes on from the gradient, and what is computed anew of another objective on the same batch.
TEST(LearnedRatesOfRules, AreTheSameWhoeverJudgesByTheSameBatch) {
    for (const auto& rule : all_rules)
        for (const auto& rate : all_rates) {
            SCOPED_TRACE(rule + " " + rate);
            Stepping own(rule, rate, Precision::f64), judged(rule, rate, Precision::f64);
            judged.optimizer.judge_by(judged.net.anew.get());
            for (int t = 0; t < 6; ++t) {
                judged.net.anew->on(t % 3 == 2 ? judged.net.other : judged.net.sample);
                const double expected = own.step().learning_rate;
                EXPECT_NEAR(judged.step().learning_rate, expected, 1e-9 * expected) << t;
            }
        }
}

// It is the judge's loss that a rate minimises: on another batch it is another rate.
TEST(LearnedRatesOfRules, AreThoseOfTheJudgesBatch) {
    Stepping own("sgd", all_rates[4], Precision::f64), judged("sgd", all_rates[4], Precision::f64);
    judged.net.anew->on(judged.net.other);
    judged.optimizer.judge_by(judged.net.anew.get());
    Vector gradient(32, Precision::f64);
    judged.net.objective->value_and_gradient(judged.net.at, gradient);
    Vector direction = judged.net.descent(gradient);
    for (const auto& slice : judged.net.layout->slices)
        for (int64_t i = slice.offset; slice.decays && slice.trainable && i < slice.offset + slice.size();
             ++i)
            direction.set(i, direction.at(i) - 0.1 * slice.rate * judged.net.at.values().at(i));
    const Along along = judged.net.anew->along(judged.net.at, direction, 0);
    const double rate = judged.step().learning_rate;
    EXPECT_NEAR(rate, -along.slope / along.gauss_newton, 1e-12 * rate);
    EXPECT_GT(std::abs(rate - own.step().learning_rate), 1e-3 * rate);
}

TEST(LearnedRatesOfRules, WorkInBf16Too) {
    for (const auto& rate : all_rates) {
        SCOPED_TRACE(rate);
        std::unique_ptr<Stepping> stepping;
        try {
            stepping = std::make_unique<Stepping>("momentum", rate, Precision::bf16);
        } catch (const RequestError&) {
            GTEST_SKIP() << "this processor has no bfloat16";
        }
        EXPECT_FALSE(stepping->net.objective->expect(Ahead::exact_along));
        EXPECT_EQ(stepping->net.objective->program().phase_count(), 2);
        for (int t = 0; t < 5; ++t) stepping->step();
    }
}

}  // namespace
}  // namespace ravine
