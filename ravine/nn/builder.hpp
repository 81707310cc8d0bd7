#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/values/parameters.hpp"
#include "ravine/graph/loss_graph.hpp"
#include "ravine/nn/initializer.hpp"

namespace ravine {

/// Whether a graph is built for training (batch statistics, dropout) or for evaluation.
enum class Mode { training, evaluation };

/// Collects what a model declares while it builds a graph: parameters with their initialisers, buffers (state
/// that is not trained, such as running statistics), and the values that buffers take after a training step.
/// Building the same model again, for another batch size or mode, declares the same things in the same order.
class Builder {
public:
    Builder(Graph& graph, Mode mode) : graph_(graph), mode_(mode) {}
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;

    Graph& graph() { return graph_; }
    Mode mode() const { return mode_; }

    /// Names declared while the scope lives begin with "name.".
    class Scope {
    public:
        Scope(Builder& builder, const std::string& name);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        Builder& builder_;
        std::string saved_prefix_, saved_label_;
    };

    /// A trained tensor, a slice of the vector "parameters".
    Value parameter(const std::string& name, const Shape& shape, Initializer initializer);
    /// The same without weight decay: biases, gains.
    Value undecayed_parameter(const std::string& name, const Shape& shape, Initializer initializer);
    /// A tensor of state, a slice of the vector "buffers", filled with `initial` at first.
    Value buffer(const std::string& name, const Shape& shape, double initial);
    /// In training: what the buffer becomes when the step is accepted, and what it is of this batch alone.
    void update_buffer(Value buffer, Value next, Value observed);
    /// Further outputs, of an auxiliary head, whose loss times `weight` is part of the training loss.
    void add_auxiliary(Value outputs, double weight) { auxiliaries_.push_back({outputs, weight}); }
    /// A layer that methods which work layer by layer may look into.
    void note_layer(Value input, Value weight, Value pre_activation) {
        layers_.push_back({graph_.label, input, weight, pre_activation});
    }
    /// A number for a random operation that no other one of the model has.
    int64_t next_stream() { return streams_++; }

    struct Auxiliary {
        Value outputs;
        double weight;
    };
    const ParameterLayout& parameters() const { return parameters_; }
    const std::vector<Value>& parameter_values() const { return parameter_values_; }
    const std::vector<Initializer>& initializers() const { return initializers_; }
    const ParameterLayout& buffers() const { return buffers_; }
    const std::vector<double>& initial_buffers() const { return initial_buffers_; }
    const std::vector<LossGraph::BufferUpdate>& buffer_updates() const { return buffer_updates_; }
    const std::vector<LossGraph::WeightedLayer>& layers() const { return layers_; }
    const std::vector<Auxiliary>& auxiliaries() const { return auxiliaries_; }

private:
    Value declare(const std::string& name, const Shape& shape, Initializer initializer, bool decays);

    Graph& graph_;
    Mode mode_;
    std::string prefix_;
    ParameterLayout parameters_, buffers_;
    std::vector<Value> parameter_values_;
    std::vector<Initializer> initializers_;
    std::vector<double> initial_buffers_;  // one a buffer
    std::vector<LossGraph::BufferUpdate> buffer_updates_;
    std::vector<LossGraph::WeightedLayer> layers_;
    std::vector<Auxiliary> auxiliaries_;
    int64_t streams_ = 0;
};

}  // namespace ravine
