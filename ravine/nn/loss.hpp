#pragma once

#include <functional>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/nn/builder.hpp"

namespace ravine {

/// How outputs become what a person asked for.
enum class Prediction {
    softmax,  ///< outputs are logits of one distribution
    sigmoid,  ///< outputs are logits of independent events
    scores,   ///< the largest output wins; no probabilities
    values,   ///< outputs are the predicted numbers
};

/// What a loss measures between two distributions or vectors of values: 0 where they agree, and never less.
enum class Divergence {
    none,                     ///< its minimum is another number, or depends on the targets
    kullback_leibler,         ///< of the softmax of the outputs
    binary_kullback_leibler,  ///< of the sigmoid of each output, mean over the outputs
    squared_error,            ///< mean over the outputs
};

/// A loss: what a model's outputs cost against targets. Targets are distributions over the classes (one-hot
/// or any other) or the values of a regression.
struct Loss {
    /// The loss of each example, [n, 1], for outputs and targets [n, k]; convex in the outputs, or else in
    /// `compared` of them, which then stands in their place.
    std::function<Value(Builder&, Value outputs, Value targets)> per_example;
    Prediction prediction;
    Divergence divergence = Divergence::none;
    /// What the loss compares with the targets: a function of the outputs, behind which the Gauss-Newton
    /// matrix splits; empty: the outputs themselves.
    std::function<Value(Value outputs)> compared = {};
};

/// The losses by name.
const Catalog<Loss>& losses();

}  // namespace ravine
