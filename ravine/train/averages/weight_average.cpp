#include "ravine/train/averages/weight_average.hpp"

#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

/// mean <- mean + weight (theta - mean).
std::shared_ptr<const Program> compile_update(int64_t size, CompileOptions options) {
    Graph graph;
    const Value mean = graph.input("mean", {size}), theta = graph.input("theta", {size});
    return Program::compile(graph, {{mean + graph.scalar("weight") * (theta - mean), "mean"}}, options);
}

}  // namespace

WeightAverage::WeightAverage(Averaging averaging, int64_t size, CompileOptions options)
    : averaging_(averaging),
      mean_(size, options.precision),
      update_(compile_update(size, {storage_precision(options.precision), options.threads})),
      weights_(update_.program().storage("theta")),
      factor_(update_.program().scalar("weight")) {
    update_.bind(update_.program().storage("mean"), mean_);
}

void WeightAverage::add(const Parameters& weights) {
    if (++count_ == 1) return mean_.assign(weights.values());
    update_.bind(weights_, weights.values());
    update_.set_scalar(factor_, averaging_.weight(count_));
    update_.run();
}

SavedState WeightAverage::state() {
    return {.tensors = {{"mean", {mean_.size()}, &mean_}}, .counters = {{"count", &count_}}};
}

}  // namespace ravine
