#include "ravine/train/training/rate_sweep.hpp"

#include "ravine/core/threads/interrupt.hpp"
#include "tests/train/support.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

/// Batch normalisation, dropout and a short last batch, so that there is something to move.
TrainingOptions training_with(const std::string& optimizer, Precision precision = Precision::f32) {
    TrainingOptions options;
    options.optimizer = optimizers().make(Spec::parse(optimizer));
    options.network.model = Spec::parse("mlp:hidden=8,normalization=batch,dropout=0.2");
    options.train.epochs = 4;
    options.train.seed = 3;
    options.train.compile = {precision, 1};
    return options;
}

std::shared_ptr<const Parts> spiral() {
    static const auto parts =
        std::make_shared<const Parts>(load_parts({.dataset = "spiral:examples=300", .seed = 3}));
    return parts;
}

std::vector<Numbers> all_of(Training& training) {
    std::vector<Numbers> all{training.parameters().values().to_doubles(), training.buffers().to_doubles()};
    const SavedState kept = training.kept();
    for (const auto& tensor : kept.tensors) all.push_back(tensor.values->to_doubles());
    for (const auto& number : kept.numbers) all.push_back({*number.value});
    for (const auto& counter : kept.counters) all.push_back({static_cast<double>(*counter.value)});
    const TrainState& state = training.state();
    all.push_back({static_cast<double>(state.step), static_cast<double>(state.epoch), state.epoch_loss});
    return all;
}

TEST(RateSweep, RatesAreGeometricAndTheLossIsSmoothedWithoutBias) {
    Training training(training_with("adam"), spiral());
    const RateSweepOptions options{.from = 1e-6, .to = 1e-2, .steps = 41, .smoothing = 0.8};
    const RateSweep sweep = sweep_rates(training, options);
    ASSERT_EQ(sweep.rows.size(), 41U);
    EXPECT_EQ(sweep.end, SweepEnd::swept);
    EXPECT_EQ(sweep.rows.front().rate, 1e-6);
    EXPECT_NEAR(sweep.rows[10].rate, 1e-5, 1e-18);
    EXPECT_EQ(sweep.rows.back().rate, 1e-2);
    for (size_t k = 0; k < sweep.rows.size(); ++k) {
        double mean = 0, weights = 0;
        for (size_t i = 0; i <= k; ++i) {
            const double weight = std::pow(0.8, static_cast<double>(k - i));
            mean += weight * sweep.rows[i].loss;
            weights += weight;
        }
        EXPECT_NEAR(sweep.rows[k].smoothed, mean / weights, 1e-12);
    }
}

// The schedule of an optimizer with a rate of 1 is another way to the same rates.
TEST(RateSweep, LossesAreThoseOfARunWithTheseRates) {
    const RateSweepOptions options{.from = 1e-5, .to = 1e-1, .steps = 30};
    for (const char* rule : {"sgd", "adam", "momentum", "rmsprop"}) {
        SCOPED_TRACE(rule);
        TrainingOptions scheduled = training_with(std::string(rule) + ":learning_rate=1");
        scheduled.optimizer_parts.weight_decay = 0.01;
        Training swept(scheduled, spiral());
        const RateSweep sweep = sweep_rates(swept, options);
        scheduled.optimizer_parts.schedule = [&](int64_t step, RunLength) {
            return sweep.rows.at(static_cast<size_t>(step)).rate;
        };
        scheduled.train.epochs = 6;
        scheduled.train.max_steps = 30;
        Training training(scheduled, spiral());
        Recorder heard;
        training.run({&heard});
        ASSERT_EQ(heard.updates.size(), 30U);
        for (size_t i = 0; i < 30; ++i) EXPECT_EQ(sweep.rows[i].loss, heard.updates[i].train_loss) << i;
    }
}

TEST(RateSweep, MovesNothing) {
    for (const char* rule : {"adam", "momentum"}) {
        SCOPED_TRACE(rule);
        Training plain(training_with(rule), spiral()), swept(training_with(rule), spiral());
        sweep_rates(swept, {.steps = 50});
        EXPECT_EQ(all_of(swept), all_of(plain));
        StopAfter pause(9), pause_too(9);
        plain.run({&pause});
        swept.run({&pause_too});
        const auto between = all_of(swept);
        const RateSweep sweep = sweep_rates(swept, {.to = 1e3, .steps = 50});
        EXPECT_EQ(all_of(swept), between);
        EXPECT_GT(sweep.rows.size(), 10U);
        plain.run();
        swept.run();
        EXPECT_EQ(all_of(swept), all_of(plain));
        EXPECT_NE(all_of(swept), between);
    }
}

TEST(RateSweep, EndsWhereTheLossExplodes) {
    TrainingOptions options = training_with("sgd");
    options.network.model = Spec::parse("linear");
    Training training(options, std::make_shared<const Parts>(
                                   load_parts({.dataset = "linear-regression:examples=200", .seed = 1})));
    const RateSweep sweep = sweep_rates(training, {.to = 1e3, .explosion = 3});
    ASSERT_EQ(sweep.end, SweepEnd::exploded);
    ASSERT_LT(sweep.rows.size(), 200U);
    double lowest = sweep.rows[0].smoothed;
    for (size_t i = 0; i < sweep.rows.size(); ++i) {
        const double s = sweep.rows[i].smoothed;
        lowest = std::min(lowest, s);
        EXPECT_EQ(s > 3 * lowest && s > sweep.rows[0].smoothed, i + 1 == sweep.rows.size()) << i;
    }
}

TEST(RateSweep, EndsAtALossThatIsNotFiniteAndKeepsItsRow) {
    TrainingOptions options = training_with("sgd");
    options.network.model = Spec::parse("linear");
    Training training(options, std::make_shared<const Parts>(
                                   load_parts({.dataset = "linear-regression:examples=200", .seed = 1})));
    const RateSweep sweep = sweep_rates(training, {.to = 1e6, .steps = 100, .explosion = 1e300});
    ASSERT_EQ(sweep.end, SweepEnd::not_finite);
    ASSERT_LT(sweep.rows.size(), 100U);
    for (size_t i = 0; i + 2 < sweep.rows.size(); ++i) EXPECT_TRUE(std::isfinite(sweep.rows[i].smoothed));
}

TEST(RateSweep, GoesWithEveryOptimizerAndPrecision) {
    const auto sweeps = [](const std::string& rule, Precision precision) {
        Training training(training_with(rule, precision), spiral());
        const RateSweep sweep = sweep_rates(training, {.to = 1e-3, .steps = 12});
        EXPECT_EQ(sweep.rows.size(), 12U) << rule;
        EXPECT_EQ(sweep.end, SweepEnd::swept) << rule;
    };
    for (const auto& entry : optimizers().entries())
        if (entry.name == "rate-and-momentum")  // has no rate to be swept
            EXPECT_THROW(sweeps(entry.name, Precision::f64), RequestError);
        else
            sweeps(entry.name, Precision::f64);
    sweeps("adam", Precision::f32);
}

TEST(RateSweep, StopsCleanly) {
    const InterruptGuard guard;
    Training training(training_with("adam"), spiral());
    const RateSweep sweep = sweep_rates(training, {.steps = 100}, [](double share) {
        if (share >= 0.12) interrupt();
    });
    forget_interrupt();
    EXPECT_EQ(sweep.end, SweepEnd::interrupted);
    EXPECT_EQ(sweep.rows.size(), 12U);
}

TEST(RateSweep, BadSettingsAreOneLine) {
    struct Bad {
        RateSweepOptions options;
        const char* message;
    };
    for (const auto& [options, message] :
         {Bad{{.from = 0}, "from: expected a rate above 0, found 0"},
          Bad{{.to = -1}, "to: expected a rate above 0, found -1"},
          Bad{{.to = std::nan("")}, "to: expected a rate above 0, found nan"},
          Bad{{.from = 1, .to = 1}, "from, to: expected rates that grow, found 1 to 1"},
          Bad{{.steps = 9}, "steps: expected at least 10 updates, found 9"},
          Bad{{.smoothing = 1}, "smoothing: expected a number in [0, 1), found 1"},
          Bad{{.explosion = 1}, "explosion: expected a multiple above 1, found 1"}}) {
        try {
            check_rate_sweep(options);
            FAIL() << message;
        } catch (const RequestError& error) {
            EXPECT_STREQ(error.what(), message);
        }
    }
}

}  // namespace
}  // namespace ravine::test
