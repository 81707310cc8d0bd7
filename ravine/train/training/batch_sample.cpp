#include "ravine/train/training/batch_sample.hpp"

namespace ravine {

Sample batch_sample(const Network& network, const BatchLoader& loader, const Vector& buffers) {
    Sample sample;
    loader.give_to(sample);
    sample.set(sample_names::buffers, buffers);
    sample.set(sample_names::l1, network.options().l1);
    sample.set(sample_names::l2, network.options().l2);
    sample.set(sample_names::consistency, network.options().consistency);
    sample.set(sample_names::t, 1);
    sample.set(sample_names::temperature, 1);
    return sample;
}

std::unique_ptr<GraphObjective> batch_objective(const Network& network, int64_t batch,
                                                CompileOptions options) {
    const auto of = [&network](int64_t examples) {
        return [&network, examples](Graph& graph) { return network.training_graph(graph, examples); };
    };
    // Batch normalisation sees the whole batch, and the views of an example lie apart.
    const bool is_separable = network.buffers().size == 0 && network.training_views() == 1;
    return std::make_unique<GraphObjective>(of(batch), options, network.parameters(),
                                            is_separable ? of(1) : std::function<LossGraph(Graph&)>());
}

}  // namespace ravine
