#pragma once

#include <string>

#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/sample.hpp"

namespace ravine {

/// The first layer, in the order of the forward pass, whose result for the sample is not finite; empty where
/// all are.
std::string first_nonfinite_layer(const Network& network, const Parameters& parameters, const Sample& sample,
                                  CompileOptions options);

/// The tensor in which, on the way backward, a number that is not finite appears first; empty where all are
/// finite.
std::string first_nonfinite_tensor(const ParameterLayout& layout, const Vector& values);

}  // namespace ravine
