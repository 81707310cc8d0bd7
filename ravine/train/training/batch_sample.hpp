#pragma once

#include <memory>

#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "ravine/train/training/batch_loader.hpp"

namespace ravine {

/// What else than its data a sample of a network holds.
namespace sample_names {
inline const SampleName buffers("buffers"), l1("l1"), l2("l2"), consistency("consistency"),
    t("t"),                      ///< how far evolving targets have come: 1 at the end
    temperature("temperature");  ///< that divides the outputs
}  // namespace sample_names

/// The sample for a network's training loss: the batch that the loader holds, running statistics and
/// penalties, t = 1 and temperature 1. BatchLoader::give_to() brings it up to later batches. Loader and
/// buffers must outlive it.
Sample batch_sample(const Network& network, const BatchLoader& loader, const Vector& buffers);

/// The training loss of a network over samples of `batch` examples. The network must outlive it.
std::unique_ptr<GraphObjective> batch_objective(const Network& network, int64_t batch,
                                                CompileOptions options);

}  // namespace ravine
