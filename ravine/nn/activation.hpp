#pragma once

#include <functional>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/nn/builder.hpp"

namespace ravine {

/// A function between layers.
struct Activation {
    std::function<Value(Builder&, Value)> apply;
    int64_t pieces = 1;         ///< inputs for each output: maxout takes several
    bool is_rectifier = false;  ///< half of the inputs give zero: the layer before is initialised after He
};

/// The activations by name.
const Catalog<Activation>& activations();

}  // namespace ravine
