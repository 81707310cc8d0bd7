#include "ravine/train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "ravine/core/error.hpp"
#include "ravine/core/interrupt.hpp"
#include "ravine/train/divergence.hpp"

namespace ravine {
namespace {

using Clock = std::chrono::steady_clock;

int64_t batches_per_epoch(int64_t batch, int64_t examples) { return (examples + batch - 1) / batch; }

}  // namespace

int64_t total_steps(const TrainOptions& options, int64_t examples) {
    const int64_t steps = options.epochs * batches_per_epoch(options.batch, examples);
    return options.max_steps > 0 ? std::min(options.max_steps, steps) : steps;
}

std::string to_string(StopReason reason) {
    switch (reason) {
        case StopReason::epochs:
            return "epochs";
        case StopReason::max_steps:
            return "max_steps";
        case StopReason::interrupted:
            return "interrupted";
        default:
            return "diverged";
    }
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
              std::min(options.batch, parts.training.size()), options.compile.precision),
      evaluator_(network, options.compile) {
    if (parts.training.size() == 0) fail_request("the training part of '{}' is empty", parts.training.name);
    options_.batch = std::min(options_.batch, parts.training.size());
}

GraphObjective& Trainer::objective(int64_t batch) {
    auto& objective = objectives_[batch];
    if (!objective) {
        objective = std::make_unique<GraphObjective>(
            [&](Graph& graph) { return network_.training_graph(graph, batch); }, options_.compile);
        objective->bind("features", loader_.features());
        objective->bind("targets", loader_.targets());
        objective->bind("example_weights", loader_.example_weights());
        objective->bind("buffers", buffers_);
        objective->set_scalar("l2", network_.options().l2);
    }
    return *objective;
}

StepReport Trainer::step(std::span<const int64_t> examples, const TrainState& state) {
    loader_.load(examples);
    GraphObjective& sample = objective(static_cast<int64_t>(examples.size()));
    sample.set_random({options_.seed, static_cast<uint64_t>(state.step), examples});
    const StepReport report = optimizer_.step(sample, parameters_);
    if (report.updated && buffers_.size() > 0)
        std::memcpy(buffers_.data(), sample.tap("new_buffers"), buffers_.byte_count());
    return report;
}

Scores Trainer::validate() {
    return evaluator_.evaluate(parts_.validation, parts_.schema.normalization,
                               parts_.schema.target_normalization, parameters_, buffers_);
}

std::string Trainer::describe_divergence(const StepReport& report, std::span<const int64_t> examples,
                                         const TrainState& state) {
    const int64_t step = state.step + 1;
    // Elementwise rules carry a bad gradient into the parameters of the same tensor.
    const std::string tensor = first_nonfinite_tensor(parameters_.layout(), parameters_.values());
    if (report.updated)
        return fmt::format("step {}: the gradient is not finite, first in '{}'", step, tensor);
    const std::string layer =
        first_nonfinite_layer(network_, parameters_, buffers_, loader_, static_cast<int64_t>(examples.size()),
                              {options_.seed, static_cast<uint64_t>(state.step), examples}, options_.compile);
    return fmt::format("step {}: the loss is {}, first in layer '{}'{}", step, report.loss,
                       layer.empty() ? "loss" : layer,
                       tensor.empty() ? "" : fmt::format("; parameters of '{}' are not finite", tensor));
}

void Trainer::keep() {
    kept_parameters_ = parameters_.values();
    kept_buffers_ = buffers_;
}

void Trainer::restore() {
    parameters_.write().assign(kept_parameters_);
    buffers_.assign(kept_buffers_);
}

TrainOutcome Trainer::run(TrainState& state, const std::vector<TrainListener*>& listeners) {
    const int64_t examples = parts_.training.size(), batches = batches_per_epoch(options_.batch, examples);
    const int64_t total = total_steps(options_, examples);
    const int64_t log_every =
        options_.log_every > 0 ? options_.log_every : std::max<int64_t>(1, batches / 10);
    const double earlier_seconds = state.seconds;
    const auto start = Clock::now();
    const auto seconds = [&] {
        return earlier_seconds + std::chrono::duration<double>(Clock::now() - start).count();
    };
    std::vector<int64_t> order(static_cast<size_t>(examples));
    const int64_t earlier_forward = state.forward_passes, earlier_backward = state.backward_passes;
    TrainOutcome outcome;
    keep();

    const auto evaluate = [&] {
        outcome.validation = validate();
        outcome.train_loss = state.epoch_loss / static_cast<double>(state.batch_in_epoch);
        for (auto* listener : listeners)
            listener->on_evaluation(
                {state.step, state.epoch + 1, outcome.train_loss, outcome.validation, seconds()});
        if (outcome.validation.loss < state.best_validation_loss) {
            state.best_validation_loss = outcome.validation.loss;
            state.best_validation_accuracy = outcome.validation.accuracy;
            state.best_epoch = state.epoch + 1;
        }
        keep();
    };

    const auto account = [&] {
        state.seconds = seconds();
        state.forward_passes = earlier_forward + evaluator_.forward_passes();
        state.backward_passes = earlier_backward;
        for (const auto& [batch, objective] : objectives_) {
            state.forward_passes += objective->work().forward_passes;
            state.backward_passes += objective->work().backward_passes;
        }
    };

    bool evaluated = false;
    const auto stop = [&](StopReason reason) {
        if (reason == StopReason::diverged) restore();
        // An interrupted run goes on later as if nothing had happened: it reports no extra evaluation.
        if (reason == StopReason::diverged || reason == StopReason::interrupted)
            outcome.validation = validate();
        else if (!evaluated)
            evaluate();
        if (state.batch_in_epoch > 0)
            outcome.train_loss = state.epoch_loss / static_cast<double>(state.batch_in_epoch);
        outcome.reason = reason;
        account();
        return outcome;
    };

    while (state.epoch < options_.epochs) {
        epoch_order(options_.sampling, options_.seed, state.epoch, order);
        while (state.batch_in_epoch < batches) {
            if (interrupted()) return stop(StopReason::interrupted);
            if (options_.max_steps > 0 && state.step >= options_.max_steps)
                return stop(StopReason::max_steps);
            const auto begin = static_cast<size_t>(state.batch_in_epoch * options_.batch);
            const std::span batch(order.data() + begin, std::min<size_t>(static_cast<size_t>(options_.batch),
                                                                         order.size() - begin));
            const StepReport report = step(batch, state);
            if (!report.updated || !std::isfinite(report.gradient_norm)) {
                outcome.divergence = describe_divergence(report, batch, state);
                return stop(StopReason::diverged);
            }
            ++state.step;
            ++state.batch_in_epoch;
            state.epoch_loss += report.loss;
            evaluated = false;
            account();
            const StepEvent event{state.step,           state.epoch + 1,      report.loss,
                                  report.learning_rate, report.gradient_norm, state.seconds};
            for (auto* listener : listeners) {
                listener->on_progress(event, total);
                if (state.step % log_every == 0 || state.step == 1 || state.step == total)
                    listener->on_step(event);
            }
        }
        evaluate();
        evaluated = true;
        if (!std::isfinite(outcome.validation.loss) && parts_.validation.size() > 0) {
            outcome.divergence =
                fmt::format("step {}: the validation loss is {}", state.step, outcome.validation.loss);
            return stop(StopReason::diverged);
        }
        ++state.epoch;
        state.batch_in_epoch = 0;
        state.epoch_loss = 0;
    }
    return stop(StopReason::epochs);
}

}  // namespace ravine
