#include <algorithm>
#include <stdexcept>

#include "ravine/core/error.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/optim/objective/graph_objective.hpp"

namespace ravine {

const Taps& Objective::taps(const Parameters&, Vector&) {
    fail_request("this objective has no layers to look into");
}

Along Objective::along_descent(const Parameters&, Curvature) {
    throw std::logic_error("along_descent: this objective expects nothing");
}

std::vector<Output> GraphObjective::tap_outputs(const LossGraph& built) {
    if (built.layers.empty()) fail_request("this objective has no layers to look into");
    std::vector<Value> wanted;
    for (const auto& layer : built.layers) wanted.push_back(layer.pre_activation);
    for (const Value parameter : trained(built.parameters)) wanted.push_back(parameter);
    const auto slopes = adjoints(built.loss, wanted);
    const auto of_parameters = slopes.begin() + std::ssize(built.layers);
    std::vector<Output> outputs{{built.loss, "loss"}};
    append_product(outputs, built.parameters, {of_parameters, slopes.end()});
    if (built.losses) {
        outputs.push_back({*built.losses, "losses"});
        taps_.losses = Vector(element_count(built.losses->shape()), options_.precision);
    }
    taps_.layers.clear();
    for (size_t i = 0; i < built.layers.size(); ++i) {
        const auto& layer = built.layers[i];
        const auto add = [&](const char* what, Value value) {
            outputs.push_back({value, what + std::to_string(i)});
            return Vector(element_count(value.shape()), options_.precision);
        };
        taps_.layers.push_back({.name = layer.name,
                                .input_shape = layer.input.shape(),
                                .shape = layer.pre_activation.shape(),
                                .input = add("input", layer.input),
                                .pre_activation = add("pre_activation", layer.pre_activation),
                                .adjoint = add("adjoint", slopes[i])});
    }
    return outputs;
}

const Taps& GraphObjective::taps(const Parameters& at, Vector& gradient) {
    const bool is_new = !derived_[static_cast<size_t>(Kind::taps)];
    Derived& program = derived(Kind::taps);
    if (is_new) {
        const auto bind = [&](const std::string& storage, Vector& vector) {
            program.workspace->bind(program.workspace->program().storage(storage), vector);
        };
        if (taps_.losses.size() > 0) bind("losses", taps_.losses);
        for (size_t i = 0; i < taps_.layers.size(); ++i) {
            bind("input" + std::to_string(i), taps_.layers[i].input);
            bind("pre_activation" + std::to_string(i), taps_.layers[i].pre_activation);
            bind("adjoint" + std::to_string(i), taps_.layers[i].adjoint);
        }
    }
    program.workspace->bind(program.product, gradient);
    run(program, at.values());
    ++work_.forward_passes;
    ++work_.backward_passes;
    taps_.value = program.number(program.loss);
    return taps_;
}

GraphObjective::Derived& GraphObjective::by_input(SampleName input) {
    const auto known = std::ranges::find(by_input_, input, &std::pair<SampleName, Derived>::first);
    if (known != by_input_.end()) return known->second;
    Graph graph;
    const LossGraph built = build_(graph);
    const auto node = std::ranges::find_if(
        graph.nodes(), [&](const Node& n) { return n.op == Op::input && n.attributes.name == input.text(); });
    if (node == graph.nodes().end())
        fail_request("this objective has no input '{}' to take a derivative by", input.text());
    std::vector<Value> wanted = trained(built.parameters);
    wanted.push_back({&graph, static_cast<int>(node - graph.nodes().begin())});
    auto slopes = gradient(built.loss, wanted);
    std::vector<Output> outputs{{built.loss, "loss"}, {slopes.back(), "slope"}};
    slopes.pop_back();
    append_product(outputs, built.parameters, slopes);
    return by_input_.emplace_back(input, make(graph, std::move(outputs))).second;
}

double GraphObjective::value_and_gradients(const Parameters& at, Vector& gradient, SampleName input,
                                           Vector& by_input) {
    Derived& program = this->by_input(input);
    program.workspace->bind(program.product, gradient);
    program.workspace->bind(program.slope, by_input);
    run(program, at.values());
    ++work_.forward_passes;
    ++work_.backward_passes;
    return program.number(program.loss);
}

GraphObjective::Derived& GraphObjective::alone() {
    if (alone_) return *alone_;
    Graph graph;
    const LossGraph built = build_one_(graph);
    std::vector<Output> outputs;
    append_product(outputs, built.parameters, gradient(sum(*built.losses), trained(built.parameters)));
    alone_ = make(graph, std::move(outputs));
    return *alone_;
}

void GraphObjective::example_gradients(const Parameters& at, int64_t first, std::span<Vector> rows) {
    Derived& program = build_one_ ? alone() : derived(Kind::example);
    require(first >= 0 && first + std::ssize(rows) <= losses_, "gradients of examples {} to {} of {}", first,
            first + std::ssize(rows), losses_);
    for (size_t i = 0; i < rows.size(); ++i) {
        const int64_t example = first + static_cast<int64_t>(i);
        program.workspace->bind(program.product, rows[i]);
        if (build_one_) {
            program.workspace->on(sample_, example);
            program.workspace->bind(program.parameters, at.values());
            program.workspace->run();
            work_.equivalents += program.equivalents;
            continue;
        }
        chosen_.set(example, 1);
        run(program, at.values(), &chosen_);
        chosen_.set(example, 0);
    }
    const int64_t passes = build_one_ ? 1 : std::ssize(rows);
    work_.forward_passes += passes;
    work_.backward_passes += passes;
}

}  // namespace ravine
