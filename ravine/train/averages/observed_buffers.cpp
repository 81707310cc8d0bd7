#include "ravine/train/averages/observed_buffers.hpp"

#include <algorithm>
#include <numeric>

#include "ravine/train/training/batch_sample.hpp"

namespace ravine {

ObservedBuffers::ObservedBuffers(const Network& network, const Dataset& training, int64_t batch,
                                 CompileOptions options)
    : network_(network), training_(training), batch_(batch), options_(options) {}

SampleWorkspace& ObservedBuffers::workspace(int64_t batch) {
    auto& workspace = workspaces_[batch];
    if (!workspace) {
        Graph graph;
        std::vector<Output> outputs;
        for (const auto& update : network_.training_graph(graph, batch).buffer_updates)
            outputs.push_back({update.observed, "observed", update.offset});
        workspace = std::make_unique<SampleWorkspace>(graph, std::move(outputs), options_);
    }
    return *workspace;
}

int64_t ObservedBuffers::observe(const Parameters& weights, BatchLoader& loader, Vector& buffers) {
    const int64_t count = training_.size();
    std::vector<int64_t> examples(static_cast<size_t>(batch_));
    std::vector<double> sums(static_cast<size_t>(buffers.size()));
    Sample sample = batch_sample(network_, loader, buffers);
    double seen = 0;
    int64_t passes = 0;
    for (int64_t begin = 0; begin < count; begin += batch_) {
        const int64_t batch = std::min(batch_, count - begin);
        if (!network_.lone_batch_norm(batch).empty()) continue;  // a single value has no variance
        examples.resize(static_cast<size_t>(batch));
        std::iota(examples.begin(), examples.end(), begin);
        loader.load(examples);
        loader.give_to(sample);
        SampleWorkspace& work = workspace(batch);
        work.on(sample);
        if (const int handle = work.program().storage("parameters"); handle >= 0)
            work.bind(handle, weights.values());
        work.run();
        ++passes;
        const int observed = work.program().storage("observed");
        for (int64_t i = 0; i < buffers.size(); ++i)
            sums[static_cast<size_t>(i)] += static_cast<double>(batch) * work.value(observed, i);
        seen += static_cast<double>(batch);
    }
    if (seen == 0) return 0;
    for (int64_t i = 0; i < buffers.size(); ++i) buffers.set(i, sums[static_cast<size_t>(i)] / seen);
    return passes;
}

}  // namespace ravine
