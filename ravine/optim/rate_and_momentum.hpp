#pragma once

#include <memory>

#include "ravine/optim/optimizers.hpp"

namespace ravine {

/// Learning rate and momentum together, both the best there are for the step: the minimiser over eta and mu
/// of the loss at theta - eta g + mu v, as its Gauss-Newton model has it. With v the step before, g the
/// gradient and G the Gauss-Newton matrix at theta,
///
///     [ g'Gg  -g'Gv ] [ eta ]     [  g'g ]
///     [ -g'Gv  v'Gv ] [ mu  ]  =  [ -g'v ],     s = share (-eta g + mu v);  v <- s;  theta <- theta + s.
///
/// On a quadratic these are the steps of conjugate gradients, which end after as many as there are dimensions
/// (the plane of gradient and last step: Polyak 1964, section 4). The first step, and one where v adds no
/// direction of its own, is the minimiser along -g alone. Where -g has no minimiser (no curvature along it)
/// the step is that of the rate before, without momentum; the first time it is `learning_rate`.
///
/// State: the step before.
struct RateAndMomentum {
    double learning_rate = 0.01;  ///< before any rate was found
    double share = 1;             ///< of the way to the minimiser
};

/// Throws RequestError for rate policies and decoupled decay, which it has no use for. A schedule multiplies
/// the step; clipping by a norm bounds its length. Layouts with rates of their own are refused.
std::unique_ptr<Optimizer> make_rate_and_momentum(const RateAndMomentum& settings,
                                                  const OptimizerParts& parts,
                                                  std::shared_ptr<const ParameterLayout> layout,
                                                  CompileOptions compile);

}  // namespace ravine
