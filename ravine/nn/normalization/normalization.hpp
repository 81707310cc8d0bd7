#pragma once

#include <functional>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/nn/builder.hpp"

namespace ravine {

/// A normalisation between a layer and its activation.
struct NormalizationLayer {
    std::function<Value(Builder&, Value)> apply;
    /// Whether it leaves nothing of a constant that the layer before adds to a feature: that needs no bias.
    bool cancels_bias = false;
    bool is_identity = false;  ///< "none": no layer at all
};

/// The normalisations by name.
const Catalog<NormalizationLayer>& normalizations();

}  // namespace ravine
