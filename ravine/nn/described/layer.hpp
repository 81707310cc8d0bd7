#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/nn/builder.hpp"

namespace ravine {

/// What a layer of a described model needs to know of the model around it.
struct LayerSetting {
    int64_t outputs;        ///< columns that the model must give: classes, or numbers to predict
    bool before_rectifier;  ///< whether a ReLU or leaky ReLU follows: weights start after He
};

/// One kind of layer of a described model, with its settings.
struct Layer {
    /// Builds the layer on its inputs. Throws RequestError("expected ..., found ...") where they do not fit.
    std::function<Value(Builder&, const std::vector<Value>& inputs, const LayerSetting&)> build;
    bool joins = false;           ///< takes several inputs: add, concatenate
    bool is_rectifier = false;    ///< an activation before which weights start after He
    bool keeps_features = false;  ///< a normalisation or dropout: the activation behind it counts
};

/// The layers by name; besides them every activation is a layer, and every normalisation as NAME-norm.
const Catalog<Layer>& layers();

/// Makes a layer, an activation or a normalisation. Throws RequestError for an unknown name, with the
/// nearest, and for a bad setting.
Layer make_layer(const Spec& spec);

}  // namespace ravine
