#include "ravine/lab/look/model_summary.hpp"

#include <algorithm>
#include <map>

#include "ravine/core/error.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/flops.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/names/text_table.hpp"
#include "ravine/optim/objective/graph_objective.hpp"

namespace ravine {
namespace {

int64_t total_flops(const Graph& graph, const std::vector<Value>& outputs) {
    const auto needed = needed_for(graph, outputs);
    int64_t total = 0;
    for (size_t id = 0; id < needed.size(); ++id)
        if (needed[id]) total += flops_of(graph, static_cast<int>(id));
    return total;
}

bool is_loss(const std::string& label) { return label == "loss" || label.starts_with("loss."); }

std::string shown(const std::string& label) { return label.empty() ? "outputs" : label; }

class Summary {
public:
    Summary(const Network& network, int64_t batch) : network_(network) { result_.batch = batch; }

    ModelSummary make() {
        count_training();
        count_evaluation();
        count_parameters();
        const GraphObjective objective(
            [this](Graph& graph) { return network_.training_graph(graph, result_.batch); }, {});
        result_.arena_bytes = objective.program().arena_bytes();
        return std::move(result_);
    }

private:
    LayerSummary& layer(const std::string& label) {
        const auto [found, is_new] = places_.try_emplace(label, result_.layers.size());
        if (is_new)
            result_.layers.push_back({.label = shown(label), .operations = {}, .tensors = {}, .output = {}});
        return result_.layers[found->second];
    }

    /// The layers in order, with what they make of a batch, and the work of a step.
    void count_training() {
        Graph graph;
        const LossGraph built = network_.training_graph(graph, result_.batch);
        const auto needed = needed_for(graph, {built.loss});
        std::map<std::string, int64_t> sizes;  // of each layer's result
        const auto each = [&](const auto& visit) {
            for (size_t id = 0; id < needed.size(); ++id) {
                const Node& node = graph.node(static_cast<int>(id));
                if (needed[id] && !node.arguments.empty() && !is_loss(node.label)) visit(node);
            }
        };
        each([&](const Node& node) {
            if (node.shape.empty() || node.shape[0] != result_.batch) return;
            layer(node.label).output.assign(node.shape.begin() + 1, node.shape.end());
            sizes[node.label] = element_count(node.shape);
        });
        each([&](const Node& node) {
            const std::string name = name_of(node.op);
            const bool is_product = node.op == Op::conv2d || node.op == Op::matmul;
            if (!sizes.contains(node.label) ||
                (!is_product && element_count(node.shape) < sizes[node.label]) || node.op == Op::broadcast)
                return;
            std::string& text = layer(node.label).operations;
            if ((", " + text + ", ").find(", " + name + ", ") == std::string::npos)
                text += (text.empty() ? "" : ", ") + name;
        });
        std::vector<Value> outputs = gradient(built.loss, built.parameters);
        outputs.push_back(built.loss);
        for (const auto& update : built.buffer_updates) outputs.push_back(update.next);
        result_.training_flops = total_flops(graph, outputs);
    }

    void count_evaluation() {
        Graph graph;
        const Value outputs = network_.evaluation_graph(graph, 1).outputs;
        const auto needed = needed_for(graph, {outputs});
        for (size_t id = 0; id < needed.size(); ++id) {
            const int64_t flops = needed[id] ? flops_of(graph, static_cast<int>(id)) : 0;
            if (flops == 0) continue;
            layer(graph.node(static_cast<int>(id)).label).flops += flops;
            result_.forward_flops += flops;
        }
    }

    void count_parameters() {
        for (const auto& slice : network_.parameters()->slices) {
            const size_t dot = slice.name.rfind('.');
            const std::string label = dot == std::string::npos ? "" : slice.name.substr(0, dot);
            LayerSummary& owner = layer(label);
            owner.parameters += slice.size();
            owner.tensors += fmt::format("{}{} {}", owner.tensors.empty() ? "" : ", ",
                                         dot == std::string::npos ? slice.name : slice.name.substr(dot + 1),
                                         to_string(slice.shape));
        }
        result_.parameters = network_.parameters()->size;
    }

    const Network& network_;
    ModelSummary result_;
    std::map<std::string, size_t> places_;
};

/// 62,006
std::string with_commas(int64_t number) {
    std::string text = std::to_string(number);
    for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

/// "1.11 G"
std::string scaled(double number) {
    constexpr const char* prefixes[] = {"", "k", "M", "G", "T", "P"};
    size_t power = 0;
    for (; number >= 1000 && power + 1 < std::size(prefixes); ++power) number /= 1000;
    return fmt::format("{:.3g} {}", number, prefixes[power]);
}

}  // namespace

ModelSummary summarize(const Network& network, int64_t batch) { return Summary(network, batch).make(); }

Network network_for(const std::string& model, const std::string& origin, const ModelProblem& problem) {
    NetworkOptions options{
        .feature_shape = problem.feature_shape, .target_count = problem.target_count, .task = problem.task};
    choose_model(options, model, origin);
    return Network(std::move(options));
}

ModelProblem usual_problem(const std::string& model, const std::string& origin) {
    const ModelProblem table{{2}, 2}, grey{{28, 28, 1}, 10}, colour{{32, 32, 3}, 10};
    std::vector<ModelProblem> usual{table, colour, grey};
    if (model_name(model) == "cnn") usual = {grey};
    for (const auto& problem : usual) {
        try {
            network_for(model, origin, problem);
            return problem;
        } catch (const RequestError&) {
        }
    }
    return usual.size() > 1 ? colour : grey;  // what is wrong is told for images
}

std::string to_string(const ModelProblem& problem) {
    std::string shape;
    for (const int64_t extent : problem.feature_shape)
        shape += (shape.empty() ? "" : " x ") + std::to_string(extent);
    const char* outputs = predicts_numbers(problem.task)      ? "numbers to predict"
                          : problem.task == Task::multi_label ? "labels"
                                                              : "classes";
    return fmt::format("{} and {} {}",
                       problem.feature_shape.size() == 1 ? shape + " columns" : "images of " + shape,
                       problem.target_count, outputs);
}

std::string model_summary_text(const std::string& model, const std::string& origin,
                               const ModelProblem& problem, int64_t batch) {
    const ModelSummary summary = summarize(network_for(model, origin, problem), batch);
    std::vector<std::vector<std::string>> rows;
    for (const auto& l : summary.layers)
        rows.push_back({"  " + l.label, to_string(l.output), with_commas(l.parameters), with_commas(l.flops),
                        l.tensors.empty() ? "(" + l.operations + ")" : l.tensors});
    rows.push_back({"  total", "", with_commas(summary.parameters), with_commas(summary.forward_flops), ""});
    const auto step = static_cast<double>(summary.training_flops);
    const auto forward = static_cast<double>(summary.forward_flops);
    std::string text = fmt::format("\nlayers of {} with {}\n", model_label(model), to_string(problem));
    text += text_table({"", "output", "parameters", "FLOPs", "tensors (operations)"}, rows);
    text +=
        "\n" + text_table({}, {{"  weights", scaled(4 * static_cast<double>(summary.parameters)) + "B",
                                "in float32; the gradient takes as much"},
                               {"  forward pass", scaled(forward) + "FLOP",
                                "an example, in evaluation; a multiplication and an addition are two"},
                               {"  training step", scaled(step) + "FLOP",
                                fmt::format("loss and gradient of {} examples, without the optimizer's work",
                                            summary.batch)},
                               {"  activations", scaled(static_cast<double>(summary.arena_bytes)) + "B",
                                "planned for such a step in float32, with scratch"}});
    return text;
}

}  // namespace ravine
