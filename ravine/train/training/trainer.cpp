#include "ravine/train/training/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/core/values/undefined.hpp"
#include "ravine/train/training/batch_order.hpp"
#include "ravine/train/training/nonfinite.hpp"

namespace ravine {
namespace {

int64_t batches_per_epoch(int64_t batch, int64_t examples) {
    return examples / batch + (examples % batch != 0 ? 1 : 0);
}

double mean_over(double total, int64_t count) {
    return count > 0 ? total / static_cast<double>(count) : undefined;
}

bool all_finite(const Vector& values) {
    const auto check = [](const auto& span) {
        return std::ranges::all_of(span, [](auto x) { return std::isfinite(x); });
    };
    return values.precision() == Precision::f64 ? check(values.as<double>()) : check(values.as<float>());
}

}  // namespace

int64_t total_steps(const TrainOptions& options, int64_t examples) {
    int64_t steps = 0;
    if (__builtin_mul_overflow(options.epochs, batches_per_epoch(options.batch, examples), &steps))
        steps = INT64_MAX;
    return options.max_steps > 0 ? std::min(options.max_steps, steps) : steps;
}

RunLength run_length(const TrainOptions& options, int64_t examples) {
    return {total_steps(options, examples), batches_per_epoch(options.batch, examples)};
}

int64_t total_epochs(const TrainOptions& options, int64_t examples) {
    const int64_t batches = batches_per_epoch(options.batch, examples),
                  steps = total_steps(options, examples);
    return steps / batches + (steps % batches != 0 ? 1 : 0);
}

std::string to_string(StopReason reason) {
    switch (reason) {
        case StopReason::epochs:
            return "epochs";
        case StopReason::max_steps:
            return "max_steps";
        case StopReason::early:
            return "early";
        case StopReason::converged:
            return "converged";
        case StopReason::listener:
            return "listener";
        case StopReason::interrupted:
            return "interrupted";
        default:
            return "diverged";
    }
}

std::string to_string(WhichWeights weights) {
    if (weights == WhichWeights::best) return "best";
    return weights == WhichWeights::average ? "average" : "last";
}

Trainer::Trainer(const Network& network, const Parts& parts, Parameters& parameters, Vector& buffers,
                 Optimizer& optimizer, TrainOptions options)
    : network_(network),
      parts_(parts),
      parameters_(parameters),
      buffers_(buffers),
      optimizer_(optimizer),
      options_(options),
      loader_(parts.training, parts.schema.normalization, parts.schema.target_normalization,
              std::min(options.batch, parts.training.size()), options.compile.precision, options.augmentation,
              options.seed, options.compile.threads),
      sample_(batch_sample(network, loader_, buffers)),
      evaluator_(network, options.compile),
      best_values_(parameters.values()),
      best_buffers_(buffers) {
    require(network.training_views() == loader_.views(), "a network of {} views and batches of {}",
            network.training_views(), loader_.views());
    parameters.save(kept_parameters_);
    kept_buffers_ = buffers;
    if (parts.training.size() == 0) fail_request("the training part of '{}' is empty", parts.training.name);
    options_.batch = std::min(options_.batch, parts.training.size());
    if (buffers.size() > 0)
        if (const auto layer = network.lone_batch_norm(options_.batch); !layer.empty())
            fail_request(
                "layer '{}': batch normalisation has no variance of a single example: expected a batch of at "
                "least 2, found {}",
                layer, options_.batch);
    require(network.options().evolving_targets == !options_.targets.is_fixed() &&
                network.options().divergence == options_.gate.exists() &&
                network.options().annealed == options_.annealing.exists(),
            "a network made for other targets, another gate or another loss");
    if (!options_.targets.is_fixed()) loader_.set_start_targets(options_.targets.start);
    thresholds_ = gate_thresholds(options_.gate, options_.targets);
    const Stopping& stopping = options_.stopping;
    monitored_ =
        stopping.exists() ? &metric(stopping.monitor, "--stop: monitor") : &find_metric("validation_loss");
    if (const auto name = optimizer.monitor(); !name.empty()) heard_ = &metric(name, "--rate: monitor");
    if (options_.averaging.exists())
        average_.emplace(options_.averaging, network, parts, options_.batch, options_.augmentation,
                         options_.seed, options_.compile);
}

/// One that this run has numbers of.
const Metric& Trainer::metric(const std::string& name, const std::string& what) const {
    const Metric& found = find_metric(name, what);
    if (name.starts_with("validation") && parts_.validation.size() == 0)
        fail_request("{}: there are no validation examples; train_loss can be monitored", what);
    if (name.ends_with("accuracy") && predicts_numbers(parts_.schema.task))
        fail_request("{}: predicted numbers have no accuracy; expected validation_loss or train_loss", what);
    if (name == "train_accuracy" && options_.evaluate != TrainOptions::Evaluate::validation_and_training)
        fail_request("{}: the accuracy on the training part is looked at with train_scores only", what);
    return found;
}

GraphObjective& Trainer::objective(int64_t batch) {
    auto& objective = objectives_[batch];
    if (!objective) objective = batch_objective(network_, batch, options_.compile);
    return *objective;
}

double Trainer::target_time(const TargetStage& stage, int64_t step) const {
    const auto batches = static_cast<double>(batches_per_epoch(options_.batch, parts_.training.size()));
    return ravine::target_time(options_.targets, stage, static_cast<double>(step) / batches);
}

double Trainer::temperature(int64_t step) const {
    return options_.annealing.temperature(step, total_steps(options_, parts_.training.size()));
}

bool Trainer::is_in_equilibrium(double divergence, const TrainState& state) const {
    const double threshold = thresholds_[static_cast<size_t>(state.targets.stage.stage)];
    return (options_.gate.by == Gate::By::epoch ? state.targets.loss : divergence) <= threshold;
}

GraphObjective& Trainer::load(std::span<const int64_t> examples, std::span<const int64_t> next,
                              const TrainState& state) {
    loader_.load(examples, state.step);
    if (!next.empty()) loader_.prepare_next(next, state.step + 1);
    if (curriculum_) curriculum_->weigh(examples, loader_.example_weights());
    loader_.give_to(sample_);
    if (options_.annealing.exists()) sample_.set(sample_names::temperature, temperature(state.step));
    if (!options_.targets.is_fixed())
        sample_.set(sample_names::t, target_time(state.targets.stage, state.step));
    GraphObjective& result = objective(sample_.examples());
    result.on(sample_);
    return result;
}

Trainer::BatchReport Trainer::step(std::span<const int64_t> examples, std::span<const int64_t> next,
                                   const TrainState& state) {
    GraphObjective& sample = load(examples, next, state);
    const Work earlier = sample.work();
    const auto begin = Clock::now();
    BatchReport report;
    if (options_.gate.exists()) {
        report.loss = optimizer_.look(sample, parameters_);
        report.divergence = sample.tap_value("divergence");
        report.gated = is_in_equilibrium(report.divergence, state);
    }
    if (!report.gated) {
        static_cast<StepReport&>(report) = optimizer_.step(sample, parameters_);
        if (!options_.gate.exists()) report.divergence = report.loss;
        if (report.outcome == StepOutcome::updated) {
            if (buffers_.size() > 0) buffers_.assign(sample.settled_buffers());
            if (average_)
                average_->add(parameters_, state.step + 1, total_steps(options_, parts_.training.size()));
        }
    }
    const Work work = sample.work() - earlier;
    update_seconds_ += seconds_since(begin) - work.forward_seconds - work.backward_seconds;
    return report;
}

Scores Trainer::scores_of(const Dataset& data, const Weights& weights) {
    return evaluator_.evaluate(data, parts_.schema.normalization, parts_.schema.target_normalization,
                               weights.parameters, weights.buffers);
}

Trainer::Weights Trainer::evaluated() {
    if (average_ && average_->has_begun())
        return {average_->parameters(), average_->buffers(buffers_), WhichWeights::average};
    return {parameters_, buffers_, WhichWeights::last};
}

std::optional<Trainer::Weights> Trainer::best(const TrainState& state) {
    if (state.best_epoch == 0) return {};
    if (!best_parameters_) best_parameters_.emplace(parameters_.shared_layout(), options_.compile.precision);
    best_parameters_->write()->assign(best_values_);
    return Weights{*best_parameters_, best_buffers_, WhichWeights::best};
}

Trainer::Weights Trainer::result(const TrainState& state) {
    const auto found = best(state);
    return options_.stopping.exists() && found ? *found : evaluated();
}

SavedState Trainer::kept() {
    SavedState result{.tensors = {{"best.parameters", {best_values_.size()}, &best_values_},
                                  {"best.buffers", {best_buffers_.size()}, &best_buffers_}}};
    if (average_) result.append("average.", average_->state());
    return result;
}

std::string Trainer::describe_failure(const StepReport& report, const TrainState& state,
                                      uint64_t version_before) {
    const int64_t step = state.step + 1;
    if (std::isfinite(report.loss)) {
        // Where the parameters are as they were, the gradient can be had again; where they are lost,
        // elementwise rules have carried it into the parameters of the same tensors.
        Vector values = parameters_.values();
        if (parameters_.version() == version_before)
            objective(sample_.examples()).value_and_gradient(parameters_, values);
        const std::string tensor = first_nonfinite_tensor(parameters_.layout(), values);
        return fmt::format("step {}: the gradient is not finite{}", step,
                           tensor.empty() ? "" : fmt::format(", first in '{}'", tensor));
    }
    const std::string layer = first_nonfinite_layer(network_, parameters_, sample_, options_.compile);
    const std::string tensor = first_nonfinite_tensor(parameters_.layout(), parameters_.values());
    const double loss = std::isnan(report.loss) ? std::abs(report.loss) : report.loss;  // not "-nan"
    return fmt::format("step {}: the loss is {}{}{}", step, loss,
                       layer.empty() ? "" : fmt::format(", first in layer '{}'", layer),
                       tensor.empty() ? "" : fmt::format("; parameters of '{}' are not finite", tensor));
}

Work Trainer::training_work() const {
    Work total{};
    for (const auto& [batch, objective] : objectives_) total += objective->work();
    return total;
}

Work Trainer::work() const {
    const int64_t evaluations =
        evaluator_.forward_passes() + (average_ ? average_->forward_passes() : int64_t{0});
    Work total = training_work();
    total.forward_passes += evaluations;
    total.equivalents += static_cast<double>(evaluations);
    return total;
}

void Trainer::keep() {
    parameters_.save(kept_parameters_);
    kept_buffers_.assign(buffers_);
}

void Trainer::restore() {
    parameters_.restore(kept_parameters_);
    buffers_.assign(kept_buffers_);
}

void Trainer::keep_best() {
    const Weights weights = evaluated();
    best_values_.assign(weights.parameters.values());
    best_buffers_.assign(weights.buffers);
}

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
                  .curriculum = trainer.curriculum_ ? &*trainer.curriculum_ : nullptr}),
          batches_(batches_per_epoch(options_.batch, trainer.parts_.training.size())),
          total_steps_(total_steps(options_, trainer.parts_.training.size())),
          log_every_(options_.log_every > 0 ? options_.log_every : std::max<int64_t>(1, batches_ / 10)),
          earlier_work_(trainer.work()),
          earlier_training_work_(trainer.training_work()),
          earlier_update_seconds_(trainer.update_seconds_),
          earlier_(state) {}

    TrainOutcome run() {
        trainer_.keep();
        state_.targets.records.reserve(options_.targets.stages.size());  // no allocation in a step
        while (state_.epoch < options_.epochs) {
            if (trainer_.is_early(state_)) return stop(StopReason::early);
            order_.begin(state_.epoch);
            while (state_.batch_in_epoch < batches_) {
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
        if (!trainer_.loader_.prepares() || state_.step + 1 >= total_steps_) return {};
        return order_.after(state_.batch_in_epoch);
    }

    /// One batch, with an update unless it is gated; false where that diverged.
    bool update() {
        const auto batch = order_.batch(state_.batch_in_epoch);
        const uint64_t version = trainer_.parameters_.version();
        const BatchReport report = trainer_.step(batch, next_batch(), state_);
        if (!report.gated && report.outcome == StepOutcome::not_finite) {
            outcome_.failure = trainer_.describe_failure(report, state_, version);
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
            outcome_.criterion = report.reason;
        }
        account();
        const StepEvent event{state_.step,
                              state_.epoch + 1,
                              report.loss,
                              report.gated ? undefined : report.learning_rate,
                              report.gated ? undefined : report.gradient_norm,
                              state_.seconds,
                              report.gated,
                              trainer_.temperature(state_.step - 1)};
        const bool logged = state_.step % log_every_ == 0 || state_.step == 1;
        for (auto* listener : listeners_) {
            listener->on_progress(event, total_steps_);
            if (logged) listener->on_step(event);
        }
        return true;
    }

    /// Looks at the validation part; false where the run has diverged unnoticed by the updates.
    bool evaluate() {
        const auto begin = Clock::now();
        const Scores& validation = outcome_.validation;
        if (!evaluated_) {
            const Weights weights = trainer_.evaluated();
            outcome_.validation = trainer_.scores_of(trainer_.parts_.validation, weights);
            if (options_.evaluate == TrainOptions::Evaluate::validation_and_training)
                training_ = trainer_.scores_of(trainer_.parts_.training, weights);
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
                  .t = trainer_.target_time(state_.targets.stage, state_.step - 1)};
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
        if (!evaluated_ && reason == StopReason::max_steps && state_.batch_in_epoch > 0) {
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
        const Weights result = trainer_.result(state_);
        if (!evaluated_ || result.which == WhichWeights::best)
            outcome_.validation = trainer_.scores_of(trainer_.parts_.validation, result);
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
    int64_t batches_, total_steps_, log_every_;
    Work earlier_work_, earlier_training_work_;  // of earlier sessions
    double earlier_update_seconds_;
    TrainState earlier_;  // at the beginning of this one
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
