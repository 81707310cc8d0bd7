#include "ravine/train/training/layer_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

/// The node whose result is a layer's.
struct LayerNode {
    Value value;
    std::string name, kind;
};

/// What a layer is called that ends with `last` and has these operations; empty for one that only moves,
/// pools or drops numbers.
std::string kind_of(Op last, const std::set<Op>& ops) {
    const auto has = [&](Op op) { return ops.contains(op); };
    if (has(Op::uniform)) return "";  // dropout
    if (last == Op::relu || last == Op::tanh || last == Op::sigmoid || last == Op::softplus)
        return name_of(last);
    if (has(Op::conv2d)) return "convolution";
    if (has(Op::matmul)) return "dense";
    if (last == Op::maximum) return "leaky-relu";
    if (has(Op::max_to)) return "maximum";
    if (has(Op::softmax)) return "softmax";
    return has(Op::sqrt) ? "batch-norm" : "";
}

/// The last node of each label, and every ReLU within a layer: residual blocks have one in their middle.
std::vector<LayerNode> find_layers(Graph& graph) {
    struct Group {
        int last = -1;
        std::set<Op> ops;
        std::vector<int> rectifiers;
    };
    std::map<std::string, Group> groups;
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
        const Node& node = graph.nodes()[i];
        if (node.label == "loss") continue;
        Group& group = groups[node.label];
        group.ops.insert(node.op);
        if (!node.arguments.empty()) group.last = static_cast<int>(i);
        if (node.op == Op::relu) group.rectifiers.push_back(static_cast<int>(i));
    }
    std::vector<LayerNode> layers;
    for (const auto& [label, group] : groups) {
        if (group.last < 0) continue;
        const std::string kind = kind_of(graph.node(group.last).op, group.ops);
        if (!kind.empty()) layers.push_back({{&graph, group.last}, label.empty() ? "outputs" : label, kind});
        for (const int id : group.rectifiers)
            if (id != group.last) layers.push_back({{&graph, id}, label + ".relu", "relu"});
    }
    std::ranges::sort(layers, {}, [](const LayerNode& layer) { return layer.value.id; });
    return layers;
}

/// Where a bounded function is within 1 % of its range of a bound.
std::optional<Value> saturation(Value y) {
    if (y.op() == Op::tanh) return greater(abs(y), constant_like(y, 0.98));
    if (y.op() == Op::sigmoid) return greater(abs(y - 0.5), constant_like(y, 0.49));
    return {};
}

}  // namespace

LayerMonitor::LayerMonitor(const Network& network, const Sample& sample, CompileOptions options)
    : sample_(sample) {
    Graph graph;
    const Value loss = network.training_graph(graph, sample.examples()).loss;
    const auto found = find_layers(graph);
    std::vector<Output> outputs;
    const auto add = [&](const std::string& what, size_t layer, Value value) {
        outputs.push_back({value, what + std::to_string(layer)});
    };
    std::vector<Value> results;
    for (const auto& layer : found) results.push_back(layer.value);
    const auto slopes = adjoints(loss, results);
    for (size_t i = 0; i < found.size(); ++i) {
        const Value y = found[i].value, average = mean(y);
        add("mean", i, average);
        add("variance", i, mean(square(y - average)));
        if (y.op() == Op::relu) add("active", i, sum_to(step(y), {y.shape().back()}));
        if (const auto near_bound = saturation(y)) add("saturated", i, mean(*near_bound));
        add("squared_gradient", i, mean(square(slopes[i])));
    }
    workspace_ = std::make_unique<SampleWorkspace>(graph, outputs, options);
    const Program& program = workspace_->program();
    parameters_ = program.storage("parameters");
    for (size_t i = 0; i < found.size(); ++i) {
        const auto storage = [&](const char* what) { return program.storage(what + std::to_string(i)); };
        layers_.push_back(
            {.fixed = {.name = found[i].name, .kind = found[i].kind, .units = found[i].value.shape().back()},
             .results = element_count(found[i].value.shape()),
             .mean = storage("mean"),
             .variance = storage("variance"),
             .active = storage("active"),
             .saturated = storage("saturated"),
             .squared_gradient = storage("squared_gradient")});
    }
}

std::vector<LayerState> LayerMonitor::look(const Parameters& at) {
    workspace_->on(sample_);
    if (parameters_ >= 0) workspace_->bind(parameters_, at.values());
    workspace_->run();
    std::vector<LayerState> states;
    for (const Layer& layer : layers_) {
        LayerState& state = states.emplace_back(layer.fixed);
        state.mean = workspace_->value(layer.mean);
        state.deviation = std::sqrt(workspace_->value(layer.variance));
        if (layer.active >= 0) {
            double active = 0, dead = 0;
            for (int64_t unit = 0; unit < state.units; ++unit) {
                const double count = workspace_->value(layer.active, unit);
                active += count;
                dead += count == 0 ? 1 : 0;
            }
            state.zero = 1 - active / static_cast<double>(layer.results);
            state.dead = dead / static_cast<double>(state.units);
        }
        if (layer.saturated >= 0) state.saturated = workspace_->value(layer.saturated);
        // The loss is a mean over the examples.
        state.gradient =
            std::sqrt(workspace_->value(layer.squared_gradient)) * static_cast<double>(sample_.examples());
    }
    return states;
}

}  // namespace ravine
