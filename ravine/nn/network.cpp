#include "ravine/nn/network.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/nn/consistency.hpp"

namespace ravine {
namespace {

Spec loss_of(const NetworkOptions& options, const Model& model) {
    if (!options.loss.name.empty()) return options.loss;
    std::string name = predicts_numbers(options.task)      ? "squared-error"
                       : options.task == Task::multi_label ? "logistic"
                                                           : model.default_loss;
    const bool from_zero = options.divergence || options.evolving_targets;
    if (from_zero && name == "cross-entropy") name = "kl";
    if (from_zero && name == "logistic") name = "binary-kl";
    return Spec{name, {}};
}

void require_divergence(const Spec& spec, const Loss& loss) {
    if (loss.divergence != Divergence::none) return;
    if (spec.name == "cross-entropy" || spec.name == "logistic")
        fail_request(
            "gate: the smallest value of loss '{}' is the entropy of the targets, not 0, so epsilon would "
            "mean another thing on every batch; use --loss {}",
            spec.text(), spec.name == "logistic" ? "binary-kl" : "kl");
    fail_request("gate: the smallest value of loss '{}' is not 0; use --loss kl, binary-kl or squared-error",
                 spec.text());
}

void require_logits(const Spec& spec, const Loss& loss) {
    if (loss.prediction == Prediction::softmax || loss.prediction == Prediction::sigmoid) return;
    fail_request(
        "anneal: a temperature divides logits, and the outputs of loss '{}' are {}; use --loss "
        "cross-entropy, kl or logistic",
        spec.text(), loss.prediction == Prediction::scores ? "scores" : "values");
}

/// Throws RequestError where a loss makes of the outputs what the task cannot use.
void check_loss(const NetworkOptions& options, Prediction prediction) {
    if (predicts_numbers(options.task) && prediction != Prediction::values)
        fail_request("loss '{}' needs classes; for {} use squared-error or gaussian", options.loss.text(),
                     to_string(options.task));
    if (options.task == Task::multi_label &&
        (prediction == Prediction::softmax || prediction == Prediction::scores))
        fail_request(
            "loss '{}' lets one class win, where of independent labels any number may hold; for {} use "
            "logistic or squared-error",
            options.loss.text(), to_string(options.task));
}

/// What a data set has in place of two classes.
std::string outputs_text(const NetworkOptions& options) {
    if (predicts_numbers(options.task)) return "numbers to predict";
    return fmt::format("{}{}", options.target_count,
                       options.task == Task::multi_label ? " independent labels" : "");
}

}  // namespace

Network::Network(NetworkOptions options)
    : options_(std::move(options)),
      model_(options_.description ? make_described(*options_.description) : models().make(options_.model)) {
    options_.loss = loss_of(options_, model_);
    loss_ = losses().make(options_.loss);
    check_loss(options_, loss_.prediction);
    if (options_.divergence) require_divergence(options_.loss, loss_);
    if (model_.single_output && (options_.task != Task::classification || options_.target_count != 2))
        fail_request("model '{}' is for two classes; this data set has {}", options_.model.name,
                     outputs_text(options_));
    if (model_.single_output && loss_.prediction == Prediction::softmax)
        fail_request("model '{}' has one output; use --loss logistic, hinge or squared-error",
                     options_.model.name);
    if (options_.consistency > 0 && loss_.prediction != Prediction::softmax)
        fail_request(
            "a consistency loss compares distributions over the classes, of which loss '{}' has none; use "
            "{}augmix:weight=0",
            options_.loss.text(), options_.task == Task::classification ? "cross-entropy, or " : "");
    if (options_.annealed) require_logits(options_.loss, loss_);
    output_count_ = model_.single_output ? 1 : options_.target_count;

    // One build for a single example declares everything.
    Graph graph;
    Builder builder(graph, Mode::evaluation);
    build(builder, 1);
    parameters_ = std::make_shared<ParameterLayout>(with_groups(builder.parameters(), options_.groups));
    buffers_ = builder.buffers();
    initializers_ = builder.initializers();
    buffer_values_ = builder.initial_buffers();
}

Network::Built Network::build(Builder& builder, int64_t batch, int64_t views) const {
    Graph& graph = builder.graph();
    Shape features{batch * views};
    features.insert(features.end(), options_.feature_shape.begin(), options_.feature_shape.end());
    const Value outputs = model_.build(builder, graph.input("features", features), output_count_);
    const auto& heads = builder.auxiliaries();
    const Builder::Scope scope(builder, "loss");
    Value targets = graph.input("targets", {batch, options_.target_count});
    if (options_.evolving_targets && builder.mode() == Mode::training) {
        const Value t = graph.scalar("t"), start = graph.input("start_targets", {1, options_.target_count});
        targets = t * targets + (1 - t) * start;
    }
    std::vector<Value> parts{outputs};
    for (const auto& head : heads) parts.push_back(head.outputs);
    if (options_.annealed && builder.mode() == Mode::training)
        for (auto& part : parts) part = part / graph.scalar("temperature");
    const Value logits = parts[0];
    if (loss_.compared)
        for (auto& part : parts) part = loss_.compared(part);
    const Value all = heads.empty() ? parts[0] : concatenate(parts, 1);
    // Cut out of one tensor, so that the loss has a curvature in all outputs; an evaluation needs no heads.
    if (!heads.empty() && builder.mode() == Mode::training)
        for (size_t k = 0; k < parts.size(); ++k)
            parts[k] =
                slice(all, {0, static_cast<int64_t>(k) * output_count_}, {batch * views, output_count_});
    const auto each = split_views(parts[0], views);
    const Value losses = loss_.per_example(builder, each.front(), targets);
    Value total = losses;
    for (size_t k = 0; k < heads.size(); ++k) {
        const Builder::Scope head(builder, "heads." + std::to_string(k));
        const Value first = split_views(parts[k + 1], views).front();
        total = total + heads[k].weight * loss_.per_example(builder, first, targets);
    }
    if (views > 1)
        total = total + graph.scalar("consistency") *
                            jensen_shannon(loss_.compared ? split_views(logits, views) : each);
    return {outputs, all, losses, total};
}

LossGraph Network::training_graph(Graph& graph, int64_t batch) const {
    Builder builder(graph, Mode::training);
    const Built built = build(builder, batch, training_views());
    const Value losses = built.training_losses;
    const Builder::Scope scope(builder, "loss");
    Value loss = mean(losses * graph.input("example_weights", {batch, 1}));
    const Value divergence = loss;
    for (size_t i = 0; i < parameters_->slices.size(); ++i) {
        if (!parameters_->slices[i].decays) continue;
        const Value weights = builder.parameter_values()[i];
        if (options_.l1 > 0) loss = loss + graph.scalar("l1") * sum(abs(weights));
        if (options_.l2 > 0) loss = loss + graph.scalar("l2") * sum(square(weights));
    }
    LossGraph result{loss, built.all_outputs, builder.parameter_values(), {{"outputs", built.outputs}}};
    if (options_.divergence) result.taps.emplace_back("divergence", divergence);
    result.buffer_updates = builder.buffer_updates();
    result.layers = builder.layers();
    result.losses = losses;
    return result;
}

Network::Evaluation Network::evaluation_graph(Graph& graph, int64_t batch) const {
    Builder builder(graph, Mode::evaluation);
    const Built built = build(builder, batch);
    return {built.outputs, built.losses};
}

std::string Network::lone_batch_norm(int64_t batch) const {
    Graph graph;
    training_graph(graph, batch);
    for (const Node& node : graph.nodes()) {
        if (node.op != Op::normalized || node.attributes.integers[0] == 0) continue;
        const Shape& statistics = graph.node(node.arguments[3]).shape;  // the inverse deviation
        if (element_count(statistics) == element_count(node.shape)) return node.label;
    }
    return "";
}

void Network::initialize(Parameters& parameters, uint64_t seed) const {
    const auto values = parameters.write();
    for (size_t i = 0; i < parameters_->slices.size(); ++i) {
        const Slice& slice = parameters_->slices[i];
        std::vector<double> tensor(static_cast<size_t>(slice.size()));
        RandomSequence random(
            {.seed = seed, .purpose = Purpose::initialization, .stream = static_cast<uint32_t>(i)});
        const auto& chosen = options_.initialization;
        const bool is_bias = slice.name.ends_with("bias");
        if (chosen && slice.decays)
            chosen->weights(slice.shape, random, tensor);
        else
            initializers_[i](slice.shape, random, tensor);
        if (chosen && is_bias) std::ranges::fill(tensor, chosen->bias);
        for (size_t j = 0; j < tensor.size(); ++j)
            values->set(slice.offset + static_cast<int64_t>(j), tensor[j]);
    }
}

Vector Network::initial_buffers(Precision precision) const {
    Vector values(buffers_.size, precision);
    for (size_t i = 0; i < buffers_.slices.size(); ++i)
        for (int64_t j = 0; j < buffers_.slices[i].size(); ++j)
            values.set(buffers_.slices[i].offset + j, buffer_values_[i]);
    return values;
}

}  // namespace ravine
