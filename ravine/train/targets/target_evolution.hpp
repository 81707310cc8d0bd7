#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "ravine/core/settings/catalog.hpp"

namespace ravine {

/// Where evolving targets begin.
enum class TargetStart {
    automatic,  ///< uniform for classes, mean for everything else
    uniform,    ///< 1/n for each of n classes
    null,       ///< 0: no distribution, so for squared error and for independent labels only
    mean,  ///< the mean of the training targets: shares of the classes, base rates of labels, mean values
};

/// How the targets that a network is trained on come from the data's own targets y*:
///
///     y(t) = t y* + (1 - t) y0
///
/// (Dabounou 2024, eq. 2, where y0 is uniform.) t goes through stages that last some epochs each. A constant
/// t = 1 leaves the targets as they are, and a constant t = 1 - s smooths labels by s (Szegedy et al. 2016).
/// Evaluations always see y*.
struct TargetEvolution {
    /// When t goes on to its next stage: at the end of an epoch, and
    enum class Advance {
        epochs,       ///< when the stage is epochs_per_increment epochs old
        equilibrium,  ///< or before that, when at least `share` of the epoch's batches were gated
        settled,      ///< or before that, when the stage has settled (see is_settled())
        continuous,   ///< a straight line of t over the same epochs, a little with every batch
    };
    /// Where t stands in the stages in between: at equal differences of t, or of what it takes to follow the
    /// targets (see equal_steps()).
    enum class Spacing { equal, divergence };

    TargetStart start = TargetStart::automatic;
    double initial = 0.1;              ///< t of the first stage
    double final = 1;                  ///< t of the last stage
    double increment = 0.1;            ///< of t from stage to stage
    int64_t epochs_per_increment = 5;  ///< at most; 0: seven tenths of the run, shared by the stages
    Advance advance = Advance::epochs;
    double share = 1;  ///< of an epoch's batches whose gating is equilibrium
    Spacing spacing = Spacing::equal;

    /// Whether training sees y* itself all along.
    bool is_fixed() const { return initial == 1; }
};

/// The kinds of targets by name: fixed, label-smoothing, acet, acet-auto.
const Catalog<TargetEvolution>& target_evolutions();

/// A target evolution made for a run: t of every stage, and how long a stage lasts.
struct TargetPlan {
    TargetEvolution settings{.initial = 1};
    std::vector<double> start = {};       ///< y0, a number a column; empty where targets are fixed
    std::vector<double> stages = {1};     ///< t of each stage, the last one settings.final
    std::vector<double> distances = {0};  ///< loss of y(t of the stage before) on the targets of each stage
    int64_t epochs_per_stage = 1;         ///< at most

    bool is_fixed() const { return settings.is_fixed(); }
    /// Epochs after which t is final, if no stage ends early.
    int64_t epochs_until_final() const {
        return epochs_per_stage * (static_cast<int64_t>(stages.size()) - 1);
    }
};

/// t at equal increments: initial, initial + increment, ..., and final where that is reached.
std::vector<double> equal_increments(const TargetEvolution& settings);

/// `count` values of t from initial to final such that the distance between neighbours is equal, as far as
/// distances are squares of lengths: with d(t, u) the loss of outputs y(t) on targets y(u), and
/// s(t) = int_initial^t sqrt(2 d(u, u + du)) its length, s is divided into equal parts. For the
/// Kullback-Leibler divergence s is the Fisher-Rao length (Rao 1945), for squared error that of t itself.
/// `half_squared_length` of a short piece of the way is d, or what is nearer to s.
std::vector<double> equal_steps(const TargetEvolution& settings, int64_t count,
                                const std::function<double(double from, double to)>& half_squared_length);

/// Where a run stands in a plan; part of its state.
struct TargetStage {
    int64_t stage = 0;   ///< an index of the plan's stages
    int64_t epochs = 0;  ///< completed in this stage
};

/// What a stage was like.
struct StageRecord {
    double t = 1;
    int64_t epochs = 0;
    int64_t batches = 0, gated = 0;
    double entry_loss = 0;  ///< of its first batch
    double exit_loss = 0;   ///< mean over the examples of its last epoch
};

/// An epoch, as far as targets care.
struct EpochOutcome {
    int64_t batches = 0, gated = 0;
    double loss = 0;           ///< mean over the examples
    double previous_loss = 0;  ///< of the epoch before in the same stage; NaN: there was none
};

/// How far evolving targets have come; part of a run's state.
struct TargetProgress {
    TargetStage stage = {};
    /// Mean loss of the last completed epoch on the present targets; NaN: none yet.
    double loss = std::numeric_limits<double>::quiet_NaN();
    std::vector<StageRecord> records = {};  ///< the last one is of the present stage
};

/// A batch of the present stage was seen, with its loss; `t` is that of its targets.
void note_batch(TargetProgress& progress, double t, double loss, int64_t gated);
/// An epoch has ended: its loss is remembered, and t may go on to its next stage.
void note_epoch(TargetProgress& progress, const TargetPlan& plan, EpochOutcome epoch);

/// Whether an epoch brought a stage less than a tenth of the distance by which its targets moved: what is
/// left is noise that more epochs would not take away. False in the first epoch of a stage.
bool is_settled(const EpochOutcome& epoch, double distance);

/// t for a batch, `progress` epochs (with fractions) after the beginning of the run.
double target_time(const TargetPlan& plan, const TargetStage& stage, double progress);

/// The stage after an epoch that has ended.
TargetStage after_epoch(const TargetPlan& plan, TargetStage stage, const EpochOutcome& epoch);

}  // namespace ravine
