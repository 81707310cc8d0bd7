#include "ravine/lab/bench_steps.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/random.hpp"
#include "ravine/core/threads.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/optim/first_order.hpp"
#include "ravine/optim/graph_objective.hpp"

namespace ravine {
namespace {

/// Normal features and one-hot targets of random classes.
struct Batch {
    Vector features, targets, weights;

    Batch(const StepWorkload& workload, Precision precision)
        : features(workload.batch * element_count(workload.feature_shape), precision),
          targets(workload.batch * workload.classes, precision),
          weights(workload.batch, precision, 1) {
        RandomSequence random({.purpose = Purpose::data});
        for (int64_t i = 0; i < features.size(); ++i) features.set(i, random.normal());
        for (int64_t i = 0; i < workload.batch; ++i) {
            const auto label = static_cast<int64_t>(random.below(static_cast<uint64_t>(workload.classes)));
            targets.set(i * workload.classes + label, 1);
        }
    }
};

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

const std::vector<StepWorkload>& step_workloads() {
    static const std::vector<StepWorkload> all{
        {"spiral", Spec::parse("mlp:hidden=100-100"), {2}, 3, 32, Spec::parse("adam")},
        {"rings", Spec::parse("mlp:hidden=128-128-64"), {3}, 3, 64, Spec::parse("adam")},
        {"fc500", Spec::parse("mlp:hidden=500-500-500"), {3072}, 10, 100, Spec::parse("adam")},
        {"mnist-cnn", Spec::parse("cnn"), {28, 28, 1}, 10, 128, Spec::parse("adam")},
        {"lenet", Spec::parse("lenet"), {32, 32, 3}, 10, 32, Spec::parse("sgd")},
        {"resnet18", Spec::parse("resnet18"), {32, 32, 3}, 10, 64, Spec::parse("sgd")}};
    return all;
}

const StepWorkload& find_step_workload(const std::string& name) {
    std::vector<std::string> names;
    for (const auto& workload : step_workloads()) {
        if (workload.name == name) return workload;
        names.push_back(workload.name);
    }
    fail_request("unknown workload '{}'{} (workloads: {})", name, suggestion(name, names),
                 fmt::join(names, ", "));
}

double step_milliseconds(const StepWorkload& workload, CompileOptions options, double seconds) {
    using Clock = std::chrono::steady_clock;
    const FlushSubnormals flush;  // as in training
    const Network network(
        {.model = workload.model, .feature_shape = workload.feature_shape, .target_count = workload.classes});
    Parameters parameters(network.parameters(), options.precision);
    network.initialize(parameters, 0);
    const Vector buffers = network.initial_buffers(options.precision);
    const Batch batch(workload, options.precision);
    GraphObjective objective([&](Graph& graph) { return network.training_graph(graph, workload.batch); },
                             options);
    objective.bind("features", batch.features);
    objective.bind("targets", batch.targets);
    objective.bind("example_weights", batch.weights);
    objective.bind("buffers", buffers);
    FirstOrder optimizer({.rule = update_rules().make(workload.optimizer)}, network.parameters(), options);

    for (int i = 0; i < 2; ++i) optimizer.step(objective, parameters);
    std::vector<double> times;
    const auto start = Clock::now();
    for (auto now = start; now - start < std::chrono::duration<double>(seconds) || times.size() < 3;) {
        optimizer.step(objective, parameters);
        const auto then = std::exchange(now, Clock::now());
        times.push_back(std::chrono::duration<double, std::milli>(now - then).count());
    }
    return median(std::move(times));
}

}  // namespace ravine
