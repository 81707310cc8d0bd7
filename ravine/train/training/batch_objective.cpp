#include "ravine/train/training/batch_objective.hpp"

namespace ravine {
namespace {

/// What a training graph reads besides parameters: the names of its inputs and run-time scalars.
template <class Bind, class Set>
void each_input(const Network& network, const BatchLoader& loader, const Vector& buffers, Bind bind,
                Set set) {
    bind("features", loader.features());
    bind("targets", loader.targets());
    bind("example_weights", loader.example_weights());
    bind("buffers", buffers);
    bind("start_targets", loader.start_targets());
    set("l1", network.options().l1);
    set("l2", network.options().l2);
    set("consistency", network.options().consistency);
    set("t", 1);
    set("temperature", 1);
}

}  // namespace

std::unique_ptr<GraphObjective> batch_objective(const Network& network, const BatchLoader& loader,
                                                const Vector& buffers, int64_t batch,
                                                CompileOptions options) {
    auto objective = std::make_unique<GraphObjective>(
        [&network, batch](Graph& graph) { return network.training_graph(graph, batch); }, options);
    each_input(
        network, loader, buffers, [&](auto name, auto& memory) { objective->bind(name, memory); },
        [&](auto name, double value) { objective->set_scalar(name, value); });
    return objective;
}

void bind_batch(Workspace& workspace, const Network& network, const BatchLoader& loader,
                const Vector& buffers) {
    const Program& program = workspace.program();
    each_input(
        network, loader, buffers,
        [&](auto name, auto& memory) {
            if (const int handle = program.storage(name); handle >= 0) workspace.bind(handle, memory);
        },
        [&](auto name, double value) {
            if (const int handle = program.scalar(name); handle >= 0) workspace.set_scalar(handle, value);
        });
}

}  // namespace ravine
