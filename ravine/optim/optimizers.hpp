#pragma once

#include <functional>
#include <memory>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/exec/plan/program.hpp"
#include "ravine/optim/optimizer.hpp"
#include "ravine/optim/rates/rate_policy.hpp"
#include "ravine/optim/rates/schedule.hpp"
#include "ravine/optim/rates/settling.hpp"
#include "ravine/optim/rules/clipping.hpp"

namespace ravine {

/// What composes with an optimizer, whatever its kind. A kind that has no use for a part refuses it.
struct OptimizerParts {
    RatePolicyMaker rate{};  ///< empty: the optimizer's own rate throughout
    Schedule schedule{};     ///< multiplies what the policy decides; empty: 1
    RunLength run_length{};  ///< that the schedule spans
    Clipping clipping{};
    double weight_decay = 0;  ///< decoupled
    Settling settling{};      ///< when a learned rate counts as settled
};

/// Makes an optimizer of parameters with a layout. Usage:
///
///     const auto adam = optimizers().make(Spec::parse("adam:beta2=0.99"))({}, at.shared_layout(), compile);
///     const StepReport report = adam->step(objective, at);
using OptimizerMaker = std::function<std::unique_ptr<Optimizer>(
    const OptimizerParts&, std::shared_ptr<const ParameterLayout>, CompileOptions)>;

/// All optimizers by name, whatever their kind.
const Catalog<OptimizerMaker>& optimizers();

}  // namespace ravine
