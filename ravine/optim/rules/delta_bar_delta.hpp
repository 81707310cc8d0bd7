#pragma once

#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// Delta-bar-delta (Jacobs 1988): a rate e for each parameter, which grows by kappa while the gradient keeps
/// the sign of its running mean b, and shrinks by the factor 1 - phi when it turns against it:
///
///     e <- e + kappa   where b g > 0
///          (1 - phi) e where b g < 0
///     theta <- theta - e g
///     b <- theta_ b + (1 - theta_) g
///
/// theta_ is the setting `theta`. A schedule multiplies e in the step, and leaves e itself alone. Signs of
/// gradients mean something only on the full batch.
///
/// State: "rate" (e, `learning_rate` at first), "mean" (b).
struct DeltaBarDelta {
    double learning_rate = 0.01;
    double kappa = 0.001;
    double phi = 0.2;
    double theta = 0.7;

    Value update(RuleGraph& r) const;
};

}  // namespace ravine
