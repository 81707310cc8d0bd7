#pragma once

#include "ravine/graph/ops.hpp"

namespace ravine {

/// (x - mean) / sqrt(variance + epsilon), with the mean and the biased variance of the elements of x that
/// summing to the shape `statistics` adds up: over the axes where `statistics` has the extent 1.
Value standardize(Value x, const Shape& statistics, double epsilon);

}  // namespace ravine
