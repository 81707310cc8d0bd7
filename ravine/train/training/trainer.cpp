#include "ravine/train/training/trainer.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/train/training/nonfinite.hpp"

namespace ravine {

std::optional<int64_t> epoch_batches(const TrainOptions& options, int64_t examples) {
    if (options.epoch_length == EpochLength::endless) return {};
    return examples / options.batch + (examples % options.batch != 0 ? 1 : 0);
}

std::optional<int64_t> total_steps(const TrainOptions& options, int64_t examples) {
    const std::optional<int64_t> cut =
        options.max_steps > 0 ? std::optional(options.max_steps) : std::nullopt;
    const auto batches = epoch_batches(options, examples);
    if (!batches) return cut;
    int64_t steps = 0;
    if (__builtin_mul_overflow(options.epochs, *batches, &steps)) steps = INT64_MAX;
    return cut ? std::min(*cut, steps) : steps;
}

RunLength run_length(const TrainOptions& options, int64_t examples) {
    return {total_steps(options, examples).value_or(0), epoch_batches(options, examples).value_or(0)};
}

int64_t total_epochs(const TrainOptions& options, int64_t examples) {
    const auto [steps, batches] = run_length(options, examples);
    if (batches == 0) return 1;
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

std::string to_string(BatchOutcome outcome) {
    switch (outcome) {
        case BatchOutcome::updated:
            return "updated";
        case BatchOutcome::rejected:
            return "rejected";
        case BatchOutcome::converged:
            return "converged";
        default:
            return "gated";
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
    kept_parameters_ = parameters.values();
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
    require_lengths();
    if (optimizer.judges_by_validation())
        judge_ = std::make_unique<ValidationJudge>(network, parts, buffers, options_.batch, options_.seed,
                                                   options_.compile, options_.augmentation);
    if (options_.averaging.kind == Averaging::Kind::promised)
        options_.averaging = averagings().make(Spec::parse(optimizer.average()));
    if (options_.averaging.exists())
        average_.emplace(options_.averaging, network, parts, options_.batch, options_.augmentation,
                         options_.seed, options_.compile);
}

void Trainer::require_lengths() const {
    const auto [steps, batches] = run_length(options_, parts_.training.size());
    const auto refuse = [](const char* what, const char* by) {
        fail_request("{} goes by {}, and an epoch without an end gives none", what, by);
    };
    if (batches == 0 && !options_.targets.is_fixed()) refuse("--targets", "epochs");
    if (batches == 0 && options_.gate.exists() && options_.gate.by == Gate::By::epoch)
        refuse("--gate by=epoch", "epochs");
    if (batches == 0 && options_.stopping.exists()) refuse("--stop", "epochs");
    if (batches == 0 && heard_) refuse("--rate", "evaluations after epochs");
    if (steps == 0 && options_.annealing.exists()) refuse("--anneal", "shares of the run");
    if (steps == 0 && options_.averaging.exists() && options_.averaging.start > 0)
        refuse("--average: start", "shares of the run");
}

void Trainer::follow(CurriculumPlan curriculum) {
    if (!epoch_batches(options_, parts_.training.size()))
        fail_request("--curriculum goes by epochs, and an epoch without an end gives none");
    curriculum_.emplace(std::move(curriculum));
}

/// One that this run has numbers of.
const Metric& Trainer::metric(const std::string& name, const std::string& what) const {
    const Metric& found = find_metric(name, what);
    if (name.starts_with("validation") && parts_.validation.size() == 0)
        fail_request("{}: there are no validation examples; train_loss can be monitored", what);
    if (name.ends_with("accuracy") && predicts_numbers(parts_.schema.task))
        fail_request("{}: predicted numbers have no accuracy; expected validation_loss or train_loss", what);
    if (name == "train_accuracy" && options_.evaluate != TrainOptions::Evaluate::validation_and_training)
        fail_request("{}: train_accuracy is looked at with --train-scores true only", what);
    return found;
}

GraphObjective& Trainer::objective(int64_t batch) {
    auto& objective = objectives_[batch];
    if (!objective) objective = batch_objective(network_, batch, options_.compile);
    return *objective;
}

double Trainer::target_time(const TargetStage& stage, int64_t step) const {
    if (options_.targets.is_fixed()) return ravine::target_time(options_.targets, stage, 0);
    const auto batches = static_cast<double>(run_length(options_, parts_.training.size()).per_epoch);
    return ravine::target_time(options_.targets, stage, static_cast<double>(step) / batches);
}

double Trainer::temperature(int64_t step) const {
    return options_.annealing.temperature(step, run_length(options_, parts_.training.size()).total);
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
    if (judge_ && optimizer_.judges_by_validation()) optimizer_.judge_by(&judge_->draw(state.step));
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
                average_->add(parameters_, state.step + 1,
                              run_length(options_, parts_.training.size()).total);
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
                                  {"best.buffers", {best_buffers_.size()}, &best_buffers_},
                                  {"kept.parameters", {kept_parameters_.size()}, &kept_parameters_},
                                  {"kept.buffers", {kept_buffers_.size()}, &kept_buffers_}}};
    if (average_) result.append("average.", average_->state());
    return result;
}

std::string Trainer::describe_failure(const StepReport& report, const TrainState& state) {
    const int64_t step = state.step + 1;
    if (std::isfinite(report.loss)) {
        const std::string tensor = first_nonfinite_tensor(
            parameters_.layout(), report.gradient ? *report.gradient : parameters_.values());
        return fmt::format("step {}: the gradient is not finite{}", step,
                           tensor.empty() ? "" : fmt::format(", first in '{}'", tensor));
    }
    const Parameters& at = report.at ? *report.at : parameters_;
    const std::string layer = first_nonfinite_layer(network_, at, sample_, options_.compile);
    const std::string tensor = first_nonfinite_tensor(at.layout(), at.values());
    const double loss = std::isnan(report.loss) ? std::abs(report.loss) : report.loss;  // not "-nan"
    return fmt::format("step {}: the loss is {}{}{}", step, loss,
                       layer.empty() ? "" : fmt::format(", first in layer '{}'", layer),
                       tensor.empty() ? "" : fmt::format("; parameters of '{}' are not finite", tensor));
}

Work Trainer::training_work() const {
    Work total{};
    for (const auto& [batch, objective] : objectives_) total += objective->work();
    if (judge_) total += judge_->work();
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
    kept_parameters_.assign(parameters_.values());
    kept_buffers_.assign(buffers_);
    if (average_) average_->keep();
}

void Trainer::restore() {
    parameters_.write()->assign(kept_parameters_);
    buffers_.assign(kept_buffers_);
    if (average_) average_->restore();
}

void Trainer::keep_best() {
    const Weights weights = evaluated();
    best_values_.assign(weights.parameters.values());
    best_buffers_.assign(weights.buffers);
}

}  // namespace ravine
