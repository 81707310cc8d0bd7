#pragma once

#include <filesystem>

#include "ravine/optim/optimizer.hpp"
#include "ravine/train/trainer.hpp"

namespace ravine {

/// Saves all that a run needs to go on: parameters, buffers, the optimizer's state and counters, and where it
/// stands.
void write_checkpoint(const std::filesystem::path& path, const TrainState& state,
                      const Parameters& parameters, const ParameterLayout& buffer_layout,
                      const Vector& buffers, Optimizer& optimizer);

/// Restores what write_checkpoint() saved, exactly. Throws RequestError for a damaged file or one of another
/// model, optimizer or precision, and then changes nothing.
void read_checkpoint(const std::filesystem::path& path, TrainState& state, Parameters& parameters,
                     const ParameterLayout& buffer_layout, Vector& buffers, Optimizer& optimizer);

}  // namespace ravine
