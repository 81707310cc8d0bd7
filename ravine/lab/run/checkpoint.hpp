#pragma once

#include <filesystem>

#include "ravine/optim/optimizer.hpp"
#include "ravine/train/training/trainer.hpp"

namespace ravine {

/// What a run keeps beside its training.
struct KeptBeside {
    Vector best_parameters, best_buffers;  ///< of the epoch with the smallest validation loss; empty: none
    int64_t metrics_lines = 0;             ///< of metrics.jsonl when the checkpoint was written

    bool has_best() const { return best_parameters.size() > 0; }
};

/// Saves all that a run needs to go on: parameters, buffers, the optimizer's state and counters, where it
/// stands, and what it keeps beside.
void write_checkpoint(const std::filesystem::path& path, const TrainState& state,
                      const Parameters& parameters, const ParameterLayout& buffer_layout,
                      const Vector& buffers, Optimizer& optimizer, const KeptBeside& kept);

/// Restores what write_checkpoint() saved, exactly. Throws RequestError for a damaged file or one of another
/// model, optimizer or precision, and then changes nothing.
void read_checkpoint(const std::filesystem::path& path, TrainState& state, Parameters& parameters,
                     const ParameterLayout& buffer_layout, Vector& buffers, Optimizer& optimizer,
                     KeptBeside& kept);

}  // namespace ravine
