#pragma once

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ravine/data/sampler.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "ravine/optim/optimizer.hpp"
#include "ravine/optim/rates/schedule.hpp"
#include "ravine/train/averages/averaged_weights.hpp"
#include "ravine/train/curriculum/curriculum_plan.hpp"
#include "ravine/train/targets/target_evolution.hpp"
#include "ravine/train/training/annealing.hpp"
#include "ravine/train/training/batch_order.hpp"
#include "ravine/train/training/batch_sample.hpp"
#include "ravine/train/training/evaluator.hpp"
#include "ravine/train/training/gate.hpp"
#include "ravine/train/training/listener.hpp"
#include "ravine/train/training/metric.hpp"
#include "ravine/train/training/stopping.hpp"
#include "ravine/train/training/validation_judge.hpp"

namespace ravine {

struct TrainOptions {
    int64_t epochs = 10;
    EpochLength epoch_length = EpochLength::one_pass;
    int64_t max_steps = 0;  ///< stop after so many batches; 0: the epochs decide
    int64_t batch = 32;     ///< examples an update; the last batch of an epoch may be smaller
    uint64_t seed = 0;      ///< of the order of examples and of random layers
    Sampling sampling = Sampling::shuffled;
    int64_t log_every = 0;  ///< updates between two step events; 0: about ten an epoch
    /// What is evaluated after each epoch.
    enum class Evaluate { validation, validation_and_training };
    Evaluate evaluate = Evaluate::validation;
    CompileOptions compile{};
    /// Of the training part, never in evaluations; null: none.
    std::shared_ptr<const AugmentationChain> augmentation = nullptr;
    TargetPlan targets{};
    Gate gate{};
    Annealing annealing{};
    Stopping stopping{};
    Averaging averaging{.kind = Averaging::Kind::promised};
};

/// Batches in an epoch of these options over this many training examples, and in a run; nothing where there
/// is no end to them.
std::optional<int64_t> epoch_batches(const TrainOptions& options, int64_t examples);
std::optional<int64_t> total_steps(const TrainOptions& options, int64_t examples);
/// Both, as far as they are known: what a schedule spans.
RunLength run_length(const TrainOptions& options, int64_t examples);
/// Epochs in such a run, begun ones included.
int64_t total_epochs(const TrainOptions& options, int64_t examples);

/// Where a run stands: with the parameters, the buffers and the optimizer's state all that is needed to go
/// on.
struct TrainState {
    int64_t step = 0;             ///< batches seen, gated or trained on
    int64_t epoch = 0;            ///< epochs completed
    int64_t batch_in_epoch = 0;   ///< batches of the current epoch already used
    double epoch_loss = 0;        ///< sum over the current epoch's batches of loss times examples
    double epoch_divergence = 0;  ///< the same without penalties on weights
    /// Mean over the examples of the last completed epoch; NaN: none yet.
    double train_loss = std::numeric_limits<double>::quiet_NaN();
    int64_t best_epoch =
        0;  ///< by what the options monitor: the validation loss, if nothing else; 0: none yet
    double best = std::numeric_limits<double>::quiet_NaN();  ///< what was monitored, after that epoch
    double best_validation_loss = std::numeric_limits<double>::quiet_NaN();
    double best_validation_accuracy = std::numeric_limits<double>::quiet_NaN();
    int64_t since_best = 0;                           ///< epochs in a row without an improvement
    std::string criterion = {};                       ///< by which it has converged
    bool has_converged = false;                       ///< the optimizer said so
    int64_t forward_passes = 0, backward_passes = 0;  ///< over batches, those of evaluations included
    /// The operations of the same over those of a forward pass (Work::equivalents), in millionths: a run that
    /// was resumed has the same. NaN after a checkpoint that does not say.
    double work = 0;
    double seconds = 0;
    double forward_seconds = 0, backward_seconds = 0, update_seconds = 0;  ///< of training
    int64_t gated = 0, epoch_gated = 0;  ///< batches without an update: of the run, of the current epoch
    TargetProgress targets = {};
};

enum class StopReason { epochs, max_steps, early, converged, listener, interrupted, diverged };
std::string to_string(StopReason reason);

struct TrainOutcome {
    StopReason reason = StopReason::epochs;
    double train_loss = 0;  ///< mean over the examples of the last epoch, which may be incomplete
    Scores validation;      ///< of the resulting weights
    /// Where numbers ceased to be finite: "step 12: the loss is inf, first in layer '2'".
    std::string failure;
    std::string criterion = {};  ///< early, converged: by which the run ended
};

/// Weights that a run has to offer.
enum class WhichWeights {
    last,     ///< those that training ended with
    average,  ///< the average of those that it passed through
    best,     ///< those of its best epoch
};
std::string to_string(WhichWeights weights);

/// The training loop: epochs of batches, an optimizer step each, an evaluation after each epoch. Running
/// statistics are committed here, once an accepted step. The training loss of an epoch is the mean over its
/// examples of what the batches found before their updates: a short last batch counts by its examples, and
/// the weights that a curriculum gives to examples, of mean 1 over an epoch, are part of the loss.
class Trainer {
public:
    /// All references must outlive the trainer. Throws RequestError for an empty training part, where batch
    /// normalisation would see a single value in every batch, and for settings that go by epochs or by shares
    /// of the run where these have no end.
    Trainer(const Network& network, const Parts& parts, Parameters& parameters, Vector& buffers,
            Optimizer& optimizer, TrainOptions options);

    /// Follows a curriculum over the training part in all calls of run() from now on.
    /// Throws RequestError where an epoch has no end: a curriculum goes by epochs.
    void follow(CurriculumPlan curriculum);

    /// Goes on from `state` until a reason to stop. Where numbers cease to be finite, parameters and buffers
    /// are those of the last evaluation at which all was well.
    TrainOutcome run(TrainState& state, const std::vector<TrainListener*>& listeners);

    /// What the trainer keeps beside parameters, buffers and TrainState: the best weights, the average.
    SavedState kept();
    /// Weights of a run, and which ones. They hold until training goes on.
    struct Weights {
        const Parameters& parameters;
        const Vector& buffers;
        WhichWeights which;
    };
    /// What evaluations see: the average, where one is kept and has begun; or the parameters.
    Weights evaluated();
    /// What was evaluated at the best epoch of a state; nothing where there is none.
    std::optional<Weights> best(const TrainState& state);
    /// Whether early stopping has waited long enough.
    bool is_early(const TrainState& state) const {
        return options_.stopping.exists() && state.since_best >= options_.stopping.patience;
    }
    /// What a run that stands there results in: the best where early stopping looks for it, or evaluated().
    Weights result(const TrainState& state);

    /// The forward and backward program of a full batch.
    const Program& program() { return objective(options_.batch).program(); }
    /// The objective for a batch size, on the sample that it was last trained on.
    GraphObjective& objective(int64_t batch);

private:
    class Session;
    struct BatchReport : StepReport {
        bool gated = false;
        double divergence = 0;  ///< without penalties, where there is a gate; else the loss
    };

    /// The objective of `examples`, on them as its sample with their targets of the moment; those of the
    /// batch behind them are prepared meanwhile, where there are any.
    GraphObjective& load(std::span<const int64_t> examples, std::span<const int64_t> next,
                         const TrainState& state);
    /// One update on `examples`, unless the gate closes on them.
    BatchReport step(std::span<const int64_t> examples, std::span<const int64_t> next,
                     const TrainState& state);
    bool is_in_equilibrium(double divergence, const TrainState& state) const;
    /// Of batch number `step`, which is 0 for the first; 1 without annealing.
    double temperature(int64_t step) const;
    /// t of a batch in a stage.
    double target_time(const TargetStage& stage, int64_t step) const;
    Scores scores_of(const Dataset& data, const Weights& weights);
    std::string describe_failure(const StepReport& report, const TrainState& state);
    void require_lengths() const;
    /// The work of all calls of run(): for updates alone, and with the evaluations.
    Work training_work() const;
    Work work() const;
    void keep();
    void restore();
    void keep_best();
    const Metric& metric(const std::string& name, const std::string& what) const;

    const Network& network_;
    const Parts& parts_;
    Parameters& parameters_;
    Vector& buffers_;
    Optimizer& optimizer_;
    TrainOptions options_;
    BatchLoader loader_;
    Sample sample_;  // the batch of the moment
    Evaluator evaluator_;
    std::optional<CurriculumPlan> curriculum_;
    std::map<int64_t, std::unique_ptr<GraphObjective>> objectives_;  // by batch size
    std::vector<double> thresholds_;                                 // of the gate, in each stage
    const Metric* monitored_ = nullptr;                              // decides which epoch is the best
    const Metric* heard_ = nullptr;                                  // what the optimizer wants to hear
    double update_seconds_ = 0;
    Vector kept_parameters_, kept_buffers_;  // of the last evaluation at which all was well
    Vector best_values_, best_buffers_;
    std::optional<Parameters> best_parameters_;  // the same values, for who looks at them
    std::optional<AveragedWeights> average_;
    std::unique_ptr<ValidationJudge> judge_;  // where the optimizer's rates are judged by it
};

}  // namespace ravine
