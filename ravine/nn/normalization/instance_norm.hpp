#pragma once

#include "ravine/nn/builder.hpp"

namespace ravine {

struct InstanceNormOptions {
    double epsilon = 1e-5;
};
/// Instance normalisation of images (Ulyanov, Vedaldi and Lempitsky 2016): y = gamma (x - mean) / sqrt(var +
/// epsilon) + beta, with mean and biased variance over all places of one channel of one example, in training
/// and in evaluation. "weight" and "bias" [channels], as PyTorch's InstanceNorm2d with affine=True. Throws
/// RequestError for what is no image, or an image of a single pixel.
Value instance_norm(Builder& b, Value x, const InstanceNormOptions& options = {});

}  // namespace ravine
