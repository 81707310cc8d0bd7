// Learned rates in the training loop: what they look at moves nothing but the rate.
#include <array>

#include "ravine/core/threads/interrupt.hpp"
#include "ravine/train/training/validation_judge.hpp"
#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

const std::vector<std::string> all_rates{
    "first-order:alpha=1e-3",
    "first-order:alpha=1e-3,derivative=exact,batch=validation",
    "five-losses:epsilon=1e-2,near_zero=1e-3,delta=1e-2",
    "five-losses:epsilon=1e-2,near_zero=1e-3,delta=1e-2,batch=validation",
    "exact-newton:at=zero,curvature=gauss-newton,share=1,memory=0,slope=own,noise=0",
    "exact-newton:at=zero,curvature=exact,memory=0.5,slope=own,noise=0,batch=validation",
    "exact-newton:at=current,curvature=exact,memory=0,slope=own,noise=0",
    "exact-newton:slope=independent,memory=0.9,noise=1,batch=training"};

RatePolicyMaker policy(const std::string& text) { return rate_policies().make(Spec::parse(text)); }

/// A net with running statistics and masks.
Case with_both(const std::string& rate, const std::string& optimizer = "sgd:learning_rate=0.05") {
    Case given;
    given.model = "mlp:hidden=8,normalization=batch,dropout=0.3";
    given.optimizer = optimizer;
    given.rate = policy(rate);
    given.options.batch = 50;
    return given;
}

Numbers rates_of(const Bench& bench) {
    Numbers rates;
    for (const auto& event : bench.heard.updates) rates.push_back(event.learning_rate);
    return rates;
}

class Replay : public RatePolicy {
public:
    explicit Replay(Numbers rates) : rates_(std::move(rates)) {}
    double rate(const RateQuestion& question) override {
        return rates_.at(static_cast<size_t>(question.update - 1));
    }

private:
    Numbers rates_;
};

TEST(LearnedRates, LeaveWeightsMasksAndRunningStatisticsAlone) {
    for (const char* optimizer : {"sgd:learning_rate=0.05", "adam:learning_rate=0.01"})
        for (const auto& rate : all_rates) {
            SCOPED_TRACE(fmt::format("{} {}", optimizer, rate));
            const Case given = with_both(rate, optimizer);
            Bench learned(given);
            EXPECT_EQ(learned.run().reason, StopReason::epochs);
            Case plain = given;
            const Numbers rates = rates_of(learned);
            plain.rate = [&](double) { return std::make_unique<Replay>(rates); };
            Bench replayed(plain);
            replayed.run();
            EXPECT_EQ(learned.weights(), replayed.weights());
            EXPECT_EQ(learned.buffers.to_doubles(), replayed.buffers.to_doubles());
            EXPECT_EQ(learned.losses(), replayed.losses());
            EXPECT_GT(std::ranges::max(rates), std::ranges::min(rates));
            EXPECT_EQ(rates.size(), 12U);
        }
}

/// Looks at f several times, and steps with the rate that it has.
class Prober : public RatePolicy {
public:
    double rate(const RateQuestion& question) override {
        const std::array rates{0.0, 0.1, 0.1, 0.3};
        std::array<double, 4> f{};
        question.curve.values(question.judge, rates, f);
        EXPECT_NEAR(f[0], question.loss, 1e-12);
        EXPECT_EQ(f[1], f[2]);
        for (const auto i : {size_t{1}, size_t{3}})
            EXPECT_NEAR(question.curve.along(question.judge, rates[i], Curvature::both).value, f[i], 1e-12);
        EXPECT_NE(f[1], f[3]);
        ++looked;
        return 0.1;
    }
    static inline int looked = 0;
};

TEST(LearnedRates, ProbesHaveTheMasksOfTheStep) {
    Case given = with_both("constant");
    given.rate = [](double) { return std::make_unique<Prober>(); };
    given.options.compile = {.precision = Precision::f64};
    Prober::looked = 0;
    Bench(given).run();
    EXPECT_EQ(Prober::looked, 12);
}

TEST(LearnedRates, AreTheSameAgain) {
    for (const auto& rate : all_rates) {
        SCOPED_TRACE(rate);
        Bench a(with_both(rate)), b(with_both(rate));
        a.run();
        b.run();
        EXPECT_EQ(rates_of(a), rates_of(b));
        EXPECT_EQ(a.weights(), b.weights());
    }
}

TEST(LearnedRates, GoOnToTheBitInMidEpoch) {
    for (const auto& rate : all_rates) {
        SCOPED_TRACE(rate);
        Bench whole(with_both(rate)), halves(with_both(rate));
        whole.run();
        const InterruptGuard guard;
        AfterUpdate stop([](const StepEvent& event) {
            if (event.step == 6) interrupt();
        });
        EXPECT_EQ(halves.run({&stop}).reason, StopReason::interrupted);
        forget_interrupt();
        halves.run();
        EXPECT_EQ(halves.weights(), whole.weights());
        EXPECT_EQ(halves.buffers.to_doubles(), whole.buffers.to_doubles());
        EXPECT_EQ(rates_of(halves), rates_of(whole));
    }
}

TEST(LearnedRates, ByValidationBatchesAreOthers) {
    const std::string at_zero = "exact-newton:at=zero,memory=0,slope=own,noise=0,batch=";
    Bench training(with_both(at_zero + "training")), validation(with_both(at_zero + "validation"));
    training.run();
    validation.run();
    EXPECT_NE(rates_of(training)[0], rates_of(validation)[0]);
    // The judge's passes are work of the run.
    EXPECT_GT(validation.state.forward_passes, training.state.forward_passes);
}

TEST(LearnedRates, ByValidationNeedValidationExamples) {
    Case given = with_both("five-losses:batch=validation");
    Parts parts = parts_of(given);
    parts.validation = parts.validation.subset({});
    try {
        Bench(given, std::move(parts));
        ADD_FAILURE();
    } catch (const RequestError& error) {
        EXPECT_STREQ(
            error.what(),
            "--rate: batch=validation: there are no validation examples; batch=training judges by those");
    }
}

TEST(ValidationJudge, DrawsByTheStepAlone) {
    const Case given = with_both("constant");
    const Parts parts = parts_of(given);
    const Bench bench(given, parts);
    const auto compile = CompileOptions{.precision = Precision::f64};
    const Vector buffers = bench.network.initial_buffers(Precision::f64);
    Parameters at(bench.network.parameters(), Precision::f64);
    bench.network.initialize(at, 1);
    ValidationJudge judge(bench.network, parts, buffers, 20, 1, compile, nullptr),
        again(bench.network, parts, buffers, 20, 1, compile, nullptr),
        other_seed(bench.network, parts, buffers, 20, 2, compile, nullptr);
    Numbers losses;
    for (int64_t step = 0; step < 5; ++step) losses.push_back(judge.draw(step).value(at));
    for (int64_t step = 4; step >= 0; --step)  // in another order
        EXPECT_EQ(again.draw(step).value(at), losses[static_cast<size_t>(step)]);
    EXPECT_NE(losses[0], losses[1]);
    EXPECT_NE(other_seed.draw(0).value(at), losses[0]);
    // More than there are: all of them, each once.
    ValidationJudge all(bench.network, parts, buffers, 10000, 1, compile, nullptr);
    const GraphObjective& objective = all.draw(3);
    EXPECT_EQ(objective.sample().examples(), parts.validation.size());
}

TEST(LearnedRates, GoWithAGate) {
    for (const auto& rate : all_rates) {
        SCOPED_TRACE(rate);
        Case given = with_both(rate, "sgd:learning_rate=0.5");
        given.loss = "kl";
        given.options.epochs = 6;
        given.options.gate = {.by = Gate::By::batch, .epsilon = 1};
        Bench bench(given);
        EXPECT_EQ(bench.run().reason, StopReason::epochs);
        EXPECT_GT(bench.state.gated, 0);
        EXPECT_EQ(bench.optimizer->steps(), bench.state.step - bench.state.gated);
        EXPECT_GT(bench.optimizer->steps(), 0);
    }
}

}  // namespace
}  // namespace ravine
