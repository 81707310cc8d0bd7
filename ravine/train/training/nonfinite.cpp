#include "ravine/train/training/nonfinite.hpp"

#include <cmath>

namespace ravine {

std::string first_nonfinite_layer(const Network& network, const Parameters& parameters, const Sample& sample,
                                  CompileOptions options) {
    Graph graph;
    network.training_graph(graph, sample.examples());
    std::vector<Output> outputs;
    for (size_t id = 0; id < graph.nodes().size(); ++id)
        if (!graph.nodes()[id].arguments.empty())
            outputs.push_back({{&graph, static_cast<int>(id)}, "node" + std::to_string(id)});
    SampleWorkspace workspace(graph, outputs, options);
    if (const int handle = workspace.program().storage("parameters"); handle >= 0)
        workspace.bind(handle, parameters.values());
    workspace.on(sample);
    workspace.run();
    for (const auto& output : outputs) {
        const int handle = workspace.program().storage(output.storage);
        for (int64_t i = 0; i < workspace.program().storage_size(handle); ++i)
            if (!std::isfinite(workspace.value(handle, i))) return output.value.node().label;
    }
    return "";
}

std::string first_nonfinite_tensor(const ParameterLayout& layout, const Vector& values) {
    for (size_t i = layout.slices.size(); i-- > 0;) {
        const Slice& slice = layout.slices[i];
        for (int64_t j = 0; j < slice.size(); ++j)
            if (!std::isfinite(values.at(slice.offset + j))) return slice.name;
    }
    return "";
}

}  // namespace ravine
