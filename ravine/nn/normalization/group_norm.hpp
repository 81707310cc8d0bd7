#pragma once

#include "ravine/nn/builder.hpp"

namespace ravine {

struct GroupNormOptions {
    int64_t groups = 32;
    double epsilon = 1e-5;
};
/// Group normalisation (Wu and He 2018, eq. 1 and 7): y = gamma (x - mean) / sqrt(var + epsilon) + beta, with
/// mean and biased variance over one example's group of neighbouring channels, for images at all places, in
/// training and in evaluation. "weight" and "bias" [channels]. Throws RequestError where the groups do not
/// divide the channels, or leave a single number to each.
Value group_norm(Builder& b, Value x, const GroupNormOptions& options = {});

}  // namespace ravine
