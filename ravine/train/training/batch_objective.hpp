#pragma once

#include <memory>

#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "ravine/train/training/batch_loader.hpp"

namespace ravine {

/// The training loss of a network over the first `batch` examples that the loader holds. Network, loader and
/// buffers must outlive it.
std::unique_ptr<GraphObjective> batch_objective(const Network& network, const BatchLoader& loader,
                                                const Vector& buffers, int64_t batch, CompileOptions options);

/// Binds a program over the network's training graph to the same.
void bind_batch(Workspace& workspace, const Network& network, const BatchLoader& loader,
                const Vector& buffers);

}  // namespace ravine
