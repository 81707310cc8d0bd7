#pragma once

#include <cstdint>
#include <string>

#include "ravine/optim/objective/objective.hpp"
#include "ravine/train/training/evaluator.hpp"

namespace ravine {

/// What became of a batch: what the optimizer's step reports of it, or that a gate closed on it.
enum class BatchOutcome { updated, rejected, converged, gated };
/// "updated", ...
std::string to_string(BatchOutcome outcome);

/// A batch. The loss is that before the update.
struct StepEvent {
    int64_t step, epoch;  ///< 1 for the first batch, and for the first epoch
    double train_loss;
    double learning_rate, gradient_norm;  ///< NaN for a gated batch
    double seconds;
    BatchOutcome outcome = BatchOutcome::updated;
    double temperature = 1;  ///< that divided the logits
    double work = 0;         ///< since the beginning of the run: TrainState::work
};

/// The validation part looked at, after an epoch.
struct EvaluationEvent {
    int64_t step = 0, epoch = 0;
    double train_loss = 0;                 ///< mean over the examples of the epoch so far
    Scores validation = undefined_scores;  ///< NaN where there is no validation part
    double seconds = 0;
    Scores training = undefined_scores;  ///< of the whole training part, where the options ask for it
    /// What training took in this call of run(), evaluations left out.
    Work training_work = {};
    double training_seconds = 0;
    int64_t updates = 0;  ///< of the optimizer, since the beginning of the run
    int64_t gated = 0;    ///< batches of this epoch that were gated
    double t = 1;         ///< of the targets, at the end of the epoch
    double work = 0;      ///< since the beginning of the run: TrainState::work
};

/// Hears of a run as it goes.
///
/// Usage:
///
///     struct Losses : TrainListener {
///         std::vector<double> after_epochs;
///         void on_evaluation(const EvaluationEvent& event) override {
///             after_epochs.push_back(event.validation.loss);
///         }
///     };
///     Losses losses;
///     training.run({&losses});
class TrainListener {
public:
    virtual ~TrainListener() = default;
    /// Every batch, logged or not, of so many in the run (0: it has no known end): for progress bars. Cheap.
    virtual void on_progress(const StepEvent&, int64_t /*total_steps*/) {}
    /// The same of the model that ranks the examples of a curriculum, before the run.
    virtual void on_first_model_progress(const StepEvent&, int64_t /*total_steps*/) {}
    virtual void on_step(const StepEvent&) {}
    virtual void on_evaluation(const EvaluationEvent&) {}
    /// No more updates, and none went wrong: parameters, buffers, optimizer and state stand where a resumed
    /// run goes on. What is evaluated after this is for the outcome of this run alone.
    virtual void on_stop() {}
    /// Asked before every update: whether the run should end here, in good order. Cheap.
    virtual bool wants_to_stop() const { return false; }
};

}  // namespace ravine
