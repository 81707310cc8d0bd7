#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ravine/core/parameters.hpp"
#include "ravine/optim/objective.hpp"

namespace ravine {

/// What one step did.
struct StepReport {
    double loss = 0;           ///< before the step
    double gradient_norm = 0;  ///< 2-norm of the gradient before clipping
    double learning_rate = 0;  ///< that the step used
    bool updated = false;      ///< false where the loss was not finite: the parameters are as they were
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
    /// The steps made so far, and everything else to save so that a run can go on.
    virtual int64_t steps() const = 0;
    virtual void set_steps(int64_t steps) = 0;
    virtual std::vector<NamedState> state() = 0;
};

}  // namespace ravine
