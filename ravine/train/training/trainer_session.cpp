#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/core/values/undefined.hpp"
#include "ravine/train/training/batch_order.hpp"
#include "ravine/train/training/trainer.hpp"

namespace ravine {
namespace {

double mean_over(double total, int64_t count) {
    return count > 0 ? total / static_cast<double>(count) : undefined;
}

bool all_finite(const Vector& values) {
    const auto check = [](const auto& span) {
        return std::ranges::all_of(span, [](auto x) { return std::isfinite(x); });
    };
    return values.precision() == Precision::f64 ? check(values.as<double>()) : check(values.as<float>());
}

BatchOutcome outcome_of(StepOutcome outcome) {
    if (outcome == StepOutcome::updated) return BatchOutcome::updated;
    return outcome == StepOutcome::rejected ? BatchOutcome::rejected : BatchOutcome::converged;
}

}  // namespace

/// One call of run().
class Trainer::Session {
public:
    Session(Trainer& trainer, TrainState& state, const std::vector<TrainListener*>& listeners)
        : trainer_(trainer),
          options_(trainer.options_),
          state_(state),
          listeners_(listeners),
          order_({.sampling = options_.sampling,
                  .seed = options_.seed,
                  .batch = options_.batch,
                  .examples = trainer.parts_.training.size(),
                  .curriculum = trainer.curriculum_ ? &*trainer.curriculum_ : nullptr,
                  .epoch_length = options_.epoch_length}),
          batches_(order_.batches()),
          total_steps_(total_steps(options_, trainer.parts_.training.size())),
          log_every_(options_.log_every > 0 ? options_.log_every
                                            : std::max<int64_t>(1, batches_.value_or(1000) / 10)),
          earlier_work_(trainer.work()),
          earlier_training_work_(trainer.training_work()),
          earlier_update_seconds_(trainer.update_seconds_),
          earlier_(state) {}

    TrainOutcome run() {
        if (state_.step == 0) trainer_.keep();
        state_.targets.records.reserve(options_.targets.stages.size());  // no allocation in a step
        while (state_.epoch < options_.epochs) {
            if (trainer_.is_early(state_)) return stop(StopReason::early);
            order_.begin(state_.epoch);
            while (!batches_ || state_.batch_in_epoch < *batches_) {
                if (state_.has_converged) return stop(StopReason::converged);
                if (interrupted()) return stop(StopReason::interrupted);
                if (options_.max_steps > 0 && state_.step >= options_.max_steps)
                    return stop(StopReason::max_steps);
                if (std::ranges::any_of(listeners_, &TrainListener::wants_to_stop))
                    return stop(StopReason::listener);
                if (!update()) return diverged();
            }
            if (!evaluate()) return diverged();
            state_.since_best = state_.best_epoch == state_.epoch + 1 ? 0 : state_.since_best + 1;
            if (trainer_.heard_) trainer_.optimizer_.hear(trainer_.heard_->at(event_));
            state_.train_loss = train_loss();
            note_epoch(state_.targets, options_.targets,
                       {.batches = state_.batch_in_epoch,
                        .gated = state_.epoch_gated,
                        .loss = mean_over(state_.epoch_divergence, examples_seen())});
            ++state_.epoch;
            state_.batch_in_epoch = state_.epoch_gated = 0;
            state_.epoch_loss = state_.epoch_divergence = 0;
        }
        return stop(state_.has_converged        ? StopReason::converged
                    : trainer_.is_early(state_) ? StopReason::early
                                                : StopReason::epochs);
    }

private:
    bool parameters_are(uint64_t version) const { return trainer_.parameters_.version() == version; }

    /// The batch to prepare beside the present one; none behind the last, or where batches are not prepared.
    std::span<const int64_t> next_batch() {
        if (!trainer_.loader_.prepares() || (total_steps_ && state_.step + 1 >= *total_steps_)) return {};
        return order_.after(state_.batch_in_epoch);
    }

    /// One batch, with an update unless it is gated; false where that diverged.
    bool update() {
        const auto batch = order_.batch(state_.batch_in_epoch);
        const uint64_t version = trainer_.parameters_.version();
        const BatchReport report = trainer_.step(batch, next_batch(), state_);
        if (!report.gated && report.outcome == StepOutcome::not_finite) {
            outcome_.failure = trainer_.describe_failure(report, state_);
            return false;
        }
        if (!options_.targets.is_fixed())
            note_batch(state_.targets, trainer_.target_time(state_.targets.stage, state_.step),
                       report.divergence, report.gated ? 1 : 0);
        worked_ = true;
        ++state_.step;
        ++state_.batch_in_epoch;
        const auto examples = static_cast<double>(batch.size());
        state_.epoch_loss += report.loss * examples;
        state_.epoch_divergence += report.divergence * examples;
        state_.gated += report.gated ? 1 : 0;
        state_.epoch_gated += report.gated ? 1 : 0;
        evaluated_ = evaluated_ && parameters_are(version);
        if (!report.gated && report.outcome == StepOutcome::converged) {
            state_.has_converged = true;
            state_.criterion = report.reason;
        }
        account();
        const StepEvent event{state_.step,
                              state_.epoch + 1,
                              report.loss,
                              report.gated ? undefined : report.learning_rate,
                              report.gated ? undefined : report.gradient_norm,
                              state_.seconds,
                              report.gated ? BatchOutcome::gated : outcome_of(report.outcome),
                              trainer_.temperature(state_.step - 1),
                              state_.work};
        const bool logged = state_.step % log_every_ == 0 || state_.step == 1;
        for (auto* listener : listeners_) {
            listener->on_progress(event, total_steps_.value_or(0));
            if (logged) listener->on_step(event);
        }
        return true;
    }

    /// Looks at the validation part; false where the run has diverged unnoticed by the updates.
    bool evaluate() {
        const auto begin = Clock::now();
        const Scores& validation = outcome_.validation;
        if (!evaluated_) {
            outcome_.validation = validate();
            if (options_.evaluate == TrainOptions::Evaluate::validation_and_training)
                training_ = trainer_.scores_of(trainer_.parts_.training, trainer_.evaluated());
        }
        evaluated_ = true;
        account();
        evaluation_seconds_ += seconds_since(begin);
        event_ = {.step = state_.step,
                  .epoch = state_.epoch + 1,
                  .train_loss = train_loss(),
                  .validation = validation,
                  .seconds = state_.seconds,
                  .training = training_,
                  .training_work = training_work(),
                  .training_seconds = seconds_since(start_) - evaluation_seconds_,
                  .updates = trainer_.optimizer_.steps(),
                  .gated = state_.epoch_gated,
                  .t = trainer_.target_time(state_.targets.stage, state_.step - 1),
                  .work = state_.work};
        for (auto* listener : listeners_) listener->on_evaluation(event_);
        if (!all_finite(trainer_.parameters_.values()) || !all_finite(trainer_.buffers_)) {
            outcome_.failure = fmt::format("step {}: parameters or buffers are not finite", state_.step);
            return false;
        }
        if (!std::isfinite(validation.loss) && trainer_.parts_.validation.size() > 0) {
            outcome_.failure =
                fmt::format("step {}: the validation loss is {}", state_.step, validation.loss);
            return false;
        }
        if (const double measured = trainer_.monitored_->at(event_); improves(measured)) {
            state_.best = measured;
            state_.best_validation_loss = validation.loss;
            state_.best_validation_accuracy = validation.accuracy;
            state_.best_epoch = state_.epoch + 1;
            trainer_.keep_best();
        }
        trainer_.keep();
        return true;
    }

    /// Of the validation part; where there is none, nobody need know the weights either.
    Scores validate() {
        const Dataset& part = trainer_.parts_.validation;
        return part.size() > 0 ? trainer_.scores_of(part, trainer_.evaluated()) : undefined_scores;
    }

    /// Whether a measure is better than that of the best epoch by more than the least change. NaN never is.
    bool improves(double measured) const {
        const Better better = trainer_.monitored_->better;
        const double change = options_.stopping.min_change;
        return is_better(better, measured, state_.best + (better == Better::higher ? change : -change));
    }

    TrainOutcome stop(StopReason reason) {
        if (worked_) account();
        for (auto* listener : listeners_) listener->on_stop();
        // The last weights of a run cut short by design are worth a line in the log; an interrupted run goes
        // on later as if nothing had happened.
        if (!evaluated_ && (reason == StopReason::max_steps || reason == StopReason::converged) &&
            state_.batch_in_epoch > 0) {
            if (!evaluate()) return diverged();
        }
        return outcome(reason);
    }

    TrainOutcome diverged() {
        trainer_.restore();
        evaluated_ = false;
        return outcome(StopReason::diverged);
    }

    TrainOutcome outcome(StopReason reason) {
        // The best weights were looked at in their epoch; to look again would be work that a run which was
        // killed after its last checkpoint does not count.
        if (options_.stopping.exists() && state_.best_epoch > 0)
            outcome_.validation = {state_.best_validation_loss, state_.best_validation_accuracy};
        else if (!evaluated_)
            outcome_.validation = validate();
        if (reason == StopReason::converged) outcome_.criterion = state_.criterion;
        if (reason == StopReason::early)
            outcome_.criterion =
                fmt::format("{} has not improved by more than {} for {} epochs", trainer_.monitored_->name,
                            options_.stopping.min_change, state_.since_best);
        outcome_.train_loss = train_loss();
        outcome_.reason = reason;
        if (worked_) account();  // a look at a run that had ended before is no work of the run
        return outcome_;
    }

    /// Of the current epoch; before its first update, of the one before.
    double train_loss() const {
        if (state_.batch_in_epoch == 0) return state_.train_loss;
        return mean_over(state_.epoch_loss, examples_seen());
    }

    /// Of the current epoch.
    int64_t examples_seen() const { return order_.examples_in(state_.batch_in_epoch); }

    /// Of this session's batches.
    Work training_work() const { return trainer_.training_work() - earlier_training_work_; }

    void account() {
        const Work all = trainer_.work() - earlier_work_, training = training_work();
        state_.forward_passes = earlier_.forward_passes + all.forward_passes;
        state_.backward_passes = earlier_.backward_passes + all.backward_passes;
        constexpr double parts = 1e6;  // of a pass: so much of every sum is the same, however it is made up
        state_.work = std::round((state_.work + all.equivalents - counted_work_) * parts) / parts;
        counted_work_ = all.equivalents;
        state_.forward_seconds = earlier_.forward_seconds + training.forward_seconds;
        state_.backward_seconds = earlier_.backward_seconds + training.backward_seconds;
        state_.update_seconds = earlier_.update_seconds + trainer_.update_seconds_ - earlier_update_seconds_;
        state_.seconds = earlier_.seconds + seconds_since(start_);
    }

    Trainer& trainer_;
    const TrainOptions& options_;
    TrainState& state_;
    const std::vector<TrainListener*>& listeners_;
    BatchOrder order_;
    std::optional<int64_t> batches_, total_steps_;  // nothing: there is no end to them
    int64_t log_every_;
    Work earlier_work_, earlier_training_work_;  // of earlier sessions
    double earlier_update_seconds_;
    double counted_work_ = 0;  // of this session, in the state
    TrainState earlier_;       // at the beginning of this one
    Clock::time_point start_ = Clock::now();
    double evaluation_seconds_ = 0;
    TrainOutcome outcome_;
    EvaluationEvent event_;  // the last one
    Scores training_ = undefined_scores;
    bool worked_ = false;     // there was a batch
    bool evaluated_ = false;  // the outcome's validation, and training_, are of the present parameters
};

TrainOutcome Trainer::run(TrainState& state, const std::vector<TrainListener*>& listeners) {
    return Session(*this, state, listeners).run();
}

}  // namespace ravine
