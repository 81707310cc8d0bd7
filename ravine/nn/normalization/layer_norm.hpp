#pragma once

#include "ravine/nn/builder.hpp"

namespace ravine {

struct LayerNormOptions {
    double epsilon = 1e-5;
};
/// Layer normalisation (Ba, Kiros and Hinton 2016, eq. 3 and 4): y = gamma (x - mean) / sqrt(var + epsilon) +
/// beta, with mean and biased variance over all features of one example, in training and in evaluation. Every
/// feature has a gain and a shift of its own: "weight" and "bias" [features] for tables, [channels, height,
/// width] for images, as PyTorch's LayerNorm over an example.
Value layer_norm(Builder& b, Value x, const LayerNormOptions& options = {});

}  // namespace ravine
