#pragma once

#include "ravine/nn/builder.hpp"

namespace ravine {

struct BatchNormOptions {
    double epsilon = 1e-5;
    double momentum = 0.1;
};
/// Batch normalisation over all axes but the last: y = gamma (x - mean) / sqrt(var + epsilon) + beta (Ioffe
/// and Szegedy 2015). In training mean and (biased) variance of the batch; in evaluation the running ones,
/// which move by `momentum` towards each batch's mean and unbiased variance, as in PyTorch. "weight" gamma
/// and "bias" beta [features].
///
/// A batch of one value a feature (a dense layer's last batch of one example) has no variance: the result is
/// beta, and both running statistics stay as they are, as if the batch had been dropped. PyTorch refuses such
/// a batch.
Value batch_norm(Builder& b, Value x, const BatchNormOptions& options = {});

}  // namespace ravine
