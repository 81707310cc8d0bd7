#pragma once

#include <functional>
#include <string>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/core/values/shape.hpp"
#include "ravine/nn/builder.hpp"

namespace ravine {

/// A model: builds the outputs [n, outputs] for a batch x of examples.
struct Model {
    std::function<Value(Builder&, Value x, int64_t outputs)> build;
    /// Makes one output of a two-class problem: its loss must be one for single outputs.
    bool single_output = false;
    /// The loss for classification where none is asked for.
    std::string default_loss = "cross-entropy";
};

/// The models by name.
const Catalog<Model>& models();

/// Throws RequestError where a batch does not hold images [n, height, width, channels] of at least `smallest`
/// by `smallest`.
void require_images(Value x, const std::string& model, int64_t smallest);

// Each family of models adds its own (models/FAMILY.cpp).
void add_linear_models(Catalog<Model>& catalog);
void add_mlp(Catalog<Model>& catalog);
void add_convolutional_models(Catalog<Model>& catalog);
void add_resnet(Catalog<Model>& catalog);

}  // namespace ravine
