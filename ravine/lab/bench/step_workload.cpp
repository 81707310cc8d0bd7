#include "ravine/lab/bench/step_workload.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "ravine/core/error.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/flops.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/look/example_shape.hpp"

namespace ravine {
namespace {

Network network_of(const StepWorkload& workload) {
    return Network({.model = workload.model,
                    .feature_shape = workload.feature_shape,
                    .target_count = workload.classes,
                    .task = workload.task,
                    .description = workload.description});
}

bool is_product(Op op) {
    return op == Op::matmul || op == Op::conv2d || op == Op::conv2d_input_gradient ||
           op == Op::conv2d_weight_gradient;
}

std::vector<std::string> workload_names() {
    std::vector<std::string> names;
    for (const auto& workload : step_workloads()) names.push_back(workload.name);
    return names;
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
    const auto found = std::ranges::find(step_workloads(), name, &StepWorkload::name);
    if (found == step_workloads().end())
        fail_request("unknown workload '{}'{} (workloads: {})", name, suggestion(name, workload_names()),
                     fmt::join(workload_names(), ", "));
    return *found;
}

StepWorkload make_workload(const CustomWorkload& wanted) {
    const bool is_file = wanted.model.ends_with(".toml");
    const Spec model = is_file ? Spec{} : Spec::parse(wanted.model);
    const auto known = std::ranges::find(step_workloads(), wanted.model, &StepWorkload::name);
    const bool is_workload = known != step_workloads().end();
    if (!is_file && !is_workload && !models().contains(model.name)) {
        std::vector<std::string> names = workload_names();
        for (const auto& entry : models().entries()) names.push_back(entry.name);
        fail_request("'{}' is neither a workload nor a model{} (workloads: {}; `ravine list models`)",
                     model.name, suggestion(model.name, names), fmt::join(workload_names(), ", "));
    }
    StepWorkload workload{.name = wanted.model,
                          .model = model,
                          .feature_shape = {},
                          .classes = 10,
                          .batch = 32,
                          .optimizer = Spec{"adam", {}}};
    if (is_workload) workload = *known;
    if (is_file) workload.description = read_description(wanted.model);
    if (!wanted.dataset.empty()) {
        if (!wanted.shape.empty() || wanted.classes > 0)
            fail_request("--dataset gives shape and classes; --shape and --classes do too");
        const Schema schema = load_parts({.dataset = wanted.dataset, .data_dir = wanted.data_dir}).schema;
        workload.feature_shape = schema.feature_shape;
        workload.classes = schema.output_count;
        workload.task = schema.task;
    } else if (!wanted.shape.empty()) {
        workload.feature_shape = parse_example_shape(wanted.shape);
    } else if (!is_workload) {
        fail_request("model '{}': expected --dataset or --shape, found neither", wanted.model);
    }
    if (wanted.classes > 0) workload.classes = wanted.classes;
    if (wanted.batch > 0) workload.batch = wanted.batch;
    constexpr double most = 1e10;
    const double numbers = std::accumulate(workload.feature_shape.begin(), workload.feature_shape.end(),
                                           static_cast<double>(workload.batch), std::multiplies<>());
    if (numbers > most)
        fail_request("--shape, --batch: expected at most {} numbers in a batch, found {}", most, numbers);
    if (!wanted.optimizer.empty()) workload.optimizer = Spec::parse(wanted.optimizer);
    return workload;
}

Dataset made_batches(const StepWorkload& workload, int64_t batches) {
    Dataset data{.name = workload.name,
                 .feature_shape = workload.feature_shape,
                 .output_count = workload.classes,
                 .classes = std::vector<std::string>(static_cast<size_t>(workload.classes), "class")};
    const int64_t count = batches * workload.batch;
    RandomSequence random({.purpose = Purpose::data});
    std::vector<uint8_t> bytes(static_cast<size_t>(count * element_count(workload.feature_shape)));
    for (auto& byte : bytes) byte = static_cast<uint8_t>(random.word() >> 24);
    data.features = std::move(bytes);
    for (int64_t i = 0; i < count; ++i)
        data.labels.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(workload.classes))));
    return data;
}

int64_t step_flops(const StepWorkload& workload) {
    Graph graph;
    const LossGraph loss = network_of(workload).training_graph(graph, workload.batch);
    std::vector<Value> results = gradient(loss.loss, loss.parameters);
    results.push_back(loss.loss);
    const std::vector<char> needed = needed_for(graph, results);
    int64_t flops = 0;
    for (int id = 0; id < std::ssize(needed); ++id)
        if (needed[static_cast<size_t>(id)] && is_product(graph.node(id).op)) flops += flops_of(graph, id);
    return flops;
}

WorkloadRun::WorkloadRun(const StepWorkload& workload, CompileOptions options)
    : network_(network_of(workload)),
      parameters_(network_.parameters(), options.precision),
      buffers_(network_.initial_buffers(options.precision)),
      features_(workload.batch * element_count(workload.feature_shape), options.precision),
      targets_(workload.batch * workload.classes, options.precision),
      weights_(workload.batch, options.precision, 1),
      objective_(
          [this, batch = workload.batch](Graph& graph) { return network_.training_graph(graph, batch); },
          options),
      optimizer_(
          {.rule = update_rules().make(workload.optimizer), .rate = rate_policies().make(workload.rate)},
          network_.parameters(), options) {
    network_.initialize(parameters_, 0);
    RandomSequence random({.purpose = Purpose::data});
    for (int64_t i = 0; i < features_.size(); ++i) features_.set(i, random.normal());
    for (int64_t i = 0; i < workload.batch; ++i) {
        const int64_t row = i * workload.classes;
        if (workload.task == Task::classification)
            targets_.set(row + static_cast<int64_t>(random.below(static_cast<uint64_t>(workload.classes))),
                         1);
        else
            for (int64_t j = 0; j < workload.classes; ++j)
                targets_.set(row + j, workload.task == Task::multi_label
                                          ? static_cast<double>(random.below(2))
                                          : random.normal());
    }
    Sample sample(workload.batch);
    sample.set("features", features_);
    sample.set("targets", targets_);
    sample.set("example_weights", weights_);
    sample.set("buffers", buffers_);
    objective_.on(sample);
}

}  // namespace ravine
