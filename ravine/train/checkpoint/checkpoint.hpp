#pragma once

#include <filesystem>

#include "ravine/core/values/saved_state.hpp"
#include "ravine/train/training/trainer.hpp"

namespace ravine {

/// Saves all that a run needs to go on: parameters, buffers, where it stands, and the state of everything
/// else that has one.
///
/// Usage:
///
///     write_checkpoint(path, training.state(), training.parameters(), training.network().buffers(),
///                      training.buffers(), training.kept());
///     read_checkpoint(path, training.state(), training.parameters(), training.network().buffers(),
///                     training.buffers(), training.kept());
void write_checkpoint(const std::filesystem::path& path, const TrainState& state,
                      const Parameters& parameters, const ParameterLayout& buffer_layout,
                      const Vector& buffers, const SavedState& rest);

/// Restores what write_checkpoint() saved, exactly. Throws RequestError for a damaged file or one of another
/// model, optimizer or precision, and then changes nothing.
void read_checkpoint(const std::filesystem::path& path, TrainState& state, Parameters& parameters,
                     const ParameterLayout& buffer_layout, Vector& buffers, const SavedState& rest);

}  // namespace ravine
