#include "ravine/train/training/rate_sweep.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/core/values/undefined.hpp"
#include "ravine/train/training/batch_order.hpp"
#include "ravine/train/training/batch_sample.hpp"

namespace ravine {
namespace {

constexpr int64_t fewest_steps = 10;

/// from (to / from)^(i / (steps - 1)), for i from 0.
double swept_rate(const RateSweepOptions& options, int64_t i) {
    if (i == 0) return options.from;
    if (i == options.steps - 1) return options.to;
    const double share = static_cast<double>(i) / static_cast<double>(options.steps - 1);
    return std::exp(std::lerp(std::log(options.from), std::log(options.to), share));
}

class SweepPolicy : public RatePolicy {
public:
    explicit SweepPolicy(const RateSweepOptions& options) : options_(options) {}
    double rate(const RateQuestion& question) override { return swept_rate(options_, question.update - 1); }

private:
    RateSweepOptions options_;
};

/// A training's updates, beside it: on copies, with an optimizer of its own.
class SweptTraining {
public:
    SweptTraining(const Training& training, const RateSweepOptions& options)
        : network_(training.network()),
          train_(training.options().train),
          parameters_(training.parameters()),
          buffers_(training.buffers()),
          optimizer_(training.options().optimizer(parts(training.options().optimizer_parts, options),
                                                  network_.parameters(), train_.compile)),
          loader_(training.parts().training, training.parts().schema.normalization,
                  training.parts().schema.target_normalization, train_.batch, train_.compile.precision,
                  train_.augmentation, train_.seed, train_.compile.threads),
          order_({.sampling = train_.sampling,
                  .seed = train_.seed,
                  .batch = train_.batch,
                  .examples = training.parts().training.size()}),
          batches_(run_length(train_, training.parts().training.size()).per_epoch),
          sample_(batch_sample(network_, loader_, buffers_)) {
        if (!train_.targets.is_fixed()) loader_.set_start_targets(train_.targets.start);
    }

    /// Update number i, from 0.
    StepReport step(int64_t i) {
        if (i % batches_ == 0) order_.begin(i / batches_);
        loader_.load(order_.batch(i % batches_), i);
        loader_.give_to(sample_);
        auto& objective = objectives_[sample_.examples()];
        if (!objective) objective = batch_objective(network_, sample_.examples(), train_.compile);
        objective->on(sample_);
        StepReport report = optimizer_->step(*objective, parameters_);
        if (report.outcome == StepOutcome::updated && buffers_.size() > 0)
            buffers_.assign(objective->settled_buffers());
        return report;
    }

private:
    static OptimizerParts parts(OptimizerParts of, const RateSweepOptions& options) {
        of.rate = [options](double) { return std::make_unique<SweepPolicy>(options); };
        of.schedule = {};
        return of;
    }

    const Network& network_;
    const TrainOptions& train_;
    Parameters parameters_;
    Vector buffers_;
    std::unique_ptr<Optimizer> optimizer_;
    BatchLoader loader_;
    BatchOrder order_;
    int64_t batches_;  // of an epoch
    Sample sample_;
    std::map<int64_t, std::unique_ptr<GraphObjective>> objectives_;  // by batch size
};

/// The loss smoothed by beta, with the bias of its beginning at 0 taken out.
class SmoothedLoss {
public:
    explicit SmoothedLoss(double beta) : beta_(beta) {}
    double add(double loss) {
        mean_ = std::isfinite(loss) ? beta_ * mean_ + (1 - beta_) * loss : undefined;
        weight_ = beta_ * weight_ + (1 - beta_);
        return mean_ / weight_;
    }

private:
    double beta_, mean_ = 0, weight_ = 0;
};

}  // namespace

void check_rate_sweep(const RateSweepOptions& options) {
    const auto check_rate = [](const char* name, double rate) {
        if (!std::isfinite(rate) || rate <= 0)
            fail_request("{}: expected a rate above 0, found {}", name, rate);
    };
    check_rate("from", options.from);
    check_rate("to", options.to);
    if (options.from >= options.to)
        fail_request("from, to: expected rates that grow, found {} to {}", options.from, options.to);
    if (options.steps < fewest_steps)
        fail_request("steps: expected at least {} updates, found {}", fewest_steps, options.steps);
    if (!(options.smoothing >= 0 && options.smoothing < 1))
        fail_request("smoothing: expected a number in [0, 1), found {}", options.smoothing);
    if (!(options.explosion > 1))
        fail_request("explosion: expected a multiple above 1, found {}", options.explosion);
}

RateSweep sweep_rates(const Training& training, const RateSweepOptions& options,
                      const std::function<void(double)>& progress) {
    check_rate_sweep(options);
    SweptTraining swept(training, options);
    RateSweep sweep;
    SmoothedLoss smoothed(options.smoothing);
    double first = 0, lowest = 0;
    for (int64_t i = 0; i < options.steps; ++i) {
        if (interrupted()) {
            sweep.end = SweepEnd::interrupted;
            return sweep;
        }
        const StepReport report = swept.step(i);
        SweptRate row{swept_rate(options, i), report.loss, smoothed.add(report.loss)};
        if (i == 0) first = lowest = row.smoothed;
        lowest = std::min(lowest, row.smoothed);
        sweep.rows.push_back(row);
        if (progress) progress(static_cast<double>(i + 1) / static_cast<double>(options.steps));
        if (report.outcome == StepOutcome::not_finite) {
            sweep.end = SweepEnd::not_finite;
            return sweep;
        }
        if (row.smoothed > first && row.smoothed > lowest + (options.explosion - 1) * std::abs(lowest)) {
            sweep.end = SweepEnd::exploded;
            return sweep;
        }
    }
    return sweep;
}

}  // namespace ravine
