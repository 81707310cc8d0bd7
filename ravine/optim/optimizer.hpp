#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ravine/core/values/parameters.hpp"
#include "ravine/core/values/saved_state.hpp"
#include "ravine/optim/objective/objective.hpp"
#include "ravine/optim/rates/rate_policy.hpp"
#include "ravine/optim/rates/settling.hpp"

namespace ravine {

/// How a step ended.
enum class StepOutcome {
    updated,     ///< the parameters moved
    rejected,    ///< no better point was found or trusted: they are as they were, and the run goes on
    converged,   ///< a criterion says that there is nothing more to gain: they are as they were
    not_finite,  ///< the loss or the gradient was not finite: the run has failed
};

/// What one step did.
struct StepReport {
    StepOutcome outcome = StepOutcome::not_finite;
    double loss = 0;           ///< where the gradient was evaluated, before the step
    double gradient_norm = 0;  ///< 2-norm of the gradient of what is trained, before clipping
    double learning_rate = 0;  ///< that the step used
    Work work = {};            ///< of the step
    std::string reason = {};   ///< rejected, converged: by which criterion
    /// Where loss and gradient were evaluated, and the gradient, for who looks for what is not finite; valid
    /// until the next step. Null: at the parameters, and lost.
    const Parameters* at = nullptr;
    const Vector* gradient = nullptr;
};

/// Improves parameters step by step.
class Optimizer {
public:
    virtual ~Optimizer() = default;
    /// One step on the sample that the objective is bound to. Whatever a step evaluates, it tells the
    /// objective which evaluation is that of the point it stands for (Objective::settle()).
    virtual StepReport step(Objective& objective, Parameters& parameters) = 0;
    /// The loss where the next step on the same sample will evaluate its gradient: a forward pass, which that
    /// step resumes. Changes nothing.
    virtual double look(Objective& objective, const Parameters& parameters) {
        return objective.value(parameters);
    }
    /// Whether its rates are judged by a random validation batch.
    virtual bool judges_by_validation() const { return false; }
    /// Rates of the steps from now on are judged by this objective, bound to another batch; null: by that of
    /// the step.
    virtual void judge_by(Objective* /*judge*/) {}
    /// How often its rate policy had to do what it counts.
    virtual std::vector<RateCount> rate_counts() const { return {}; }
    /// What its rate has come to; none where it is not learned.
    virtual std::optional<LearnedRate> learned_rate() const { return {}; }
    /// After how many updates another optimizer took over; none where none did.
    virtual std::optional<int64_t> handed_over() const { return {}; }
    /// The measure of an evaluation that hear() wants: "validation_loss"; empty: none.
    virtual std::string monitor() const { return {}; }
    /// What an evaluation found of the monitored measure, in the order of the evaluations.
    virtual void hear(double /*measured*/) {}
    /// The average of the weights for which the method promises what it promises, as text of that catalog
    /// ("polynomial:gamma=8"): what is evaluated and saved unless it is told otherwise. "none": the weights.
    virtual std::string average() const { return "none"; }
    /// What goes wrong without an error, and what to do: one line; empty: nothing.
    virtual std::string concern() const { return {}; }
    /// The updates made so far.
    virtual int64_t steps() const = 0;
    /// All that has to be saved so that a run can go on.
    virtual SavedState state() = 0;
};

}  // namespace ravine
