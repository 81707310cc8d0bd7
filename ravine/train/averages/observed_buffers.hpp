#pragma once

#include <map>
#include <memory>

#include "ravine/core/values/parameters.hpp"
#include "ravine/core/values/vector.hpp"
#include "ravine/data/sources/parts.hpp"
#include "ravine/exec/plan/program.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/train/training/batch_loader.hpp"

namespace ravine {

/// Running statistics that belong to given weights: the mean, over the batches of the training part, of what
/// each batch has of its own, weighted by their examples. Weights that no batch was trained with, averages of
/// others, have none from training (Izmailov, Podoprikhin, Garipov, Vetrov and Wilson 2018, section 3.2).
class ObservedBuffers {
public:
    /// `batch` examples at a time, in their order, augmented as the loader does it and with the dropout of
    /// training. References must outlive it.
    ObservedBuffers(const Network& network, const Dataset& training, int64_t batch, CompileOptions options);

    /// Fills `buffers`, all of whose numbers are running statistics; those that no batch has any of stay.
    /// Returns the number of forward passes.
    int64_t observe(const Parameters& weights, BatchLoader& loader, Vector& buffers);

private:
    SampleWorkspace& workspace(int64_t batch);

    const Network& network_;
    const Dataset& training_;
    int64_t batch_;
    CompileOptions options_;
    std::map<int64_t, std::unique_ptr<SampleWorkspace>> workspaces_;  // by batch size
};

}  // namespace ravine
