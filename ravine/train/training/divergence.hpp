#pragma once

#include <string>

#include "ravine/exec/plan/program.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/train/training/batch_loader.hpp"

namespace ravine {

/// The first layer, in the order of the forward pass, whose result for the loaded batch is not finite; empty
/// where all are.
std::string first_nonfinite_layer(const Network& network, const Parameters& parameters, const Vector& buffers,
                                  const BatchLoader& loaded, int64_t batch, const RandomContext& random,
                                  CompileOptions options);

/// The tensor in which, on the way backward, a number that is not finite appears first; empty where all are
/// finite.
std::string first_nonfinite_tensor(const ParameterLayout& layout, const Vector& values);

}  // namespace ravine
