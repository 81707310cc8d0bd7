#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ravine/core/values/parameters.hpp"
#include "ravine/optim/objective/objective.hpp"

namespace ravine {

/// What one step did.
struct StepReport {
    double loss = 0;           ///< where the gradient was evaluated, before the step
    double gradient_norm = 0;  ///< 2-norm of the gradient of what is trained, before clipping
    double learning_rate = 0;  ///< that the step used
    /// false where the loss, or a gradient whose norm was needed, was not finite: the parameters are as they
    /// were. Where it is true and gradient_norm is not finite, they are lost.
    bool updated = false;
};

/// A tensor of state with the layout of the parameters.
struct NamedState {
    std::string name;
    Vector* values;
};

/// Improves parameters step by step.
class Optimizer {
public:
    virtual ~Optimizer() = default;
    /// One step on the sample that the objective is bound to.
    virtual StepReport step(Objective& objective, Parameters& parameters) = 0;
    /// The loss where the next step on the same sample will evaluate its gradient: a forward pass, which that
    /// step resumes. Changes nothing.
    virtual double look(Objective& objective, const Parameters& parameters) {
        return objective.value(parameters);
    }
    /// The steps made so far, and everything else to save so that a run can go on.
    virtual int64_t steps() const = 0;
    virtual void set_steps(int64_t steps) = 0;
    virtual std::vector<NamedState> state() = 0;
};

}  // namespace ravine
