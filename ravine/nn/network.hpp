#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ravine/core/values/parameter_groups.hpp"
#include "ravine/core/values/parameters.hpp"
#include "ravine/core/values/task.hpp"
#include "ravine/graph/loss_graph.hpp"
#include "ravine/nn/described/description.hpp"
#include "ravine/nn/loss.hpp"
#include "ravine/nn/model.hpp"

namespace ravine {

/// What a network is made of.
struct NetworkOptions {
    Spec model{};
    /// Empty name: the model's default for classes, logistic for independent labels, squared error for
    /// numbers.
    Spec loss{};
    Shape feature_shape{};     ///< of one example: {2}, {28, 28, 1}
    int64_t target_count = 0;  ///< classes, labels, or numbers to predict
    Task task = Task::classification;
    double l1 = 0;  ///< the penalty l1 * sum |w| over the tensors that decay (Tibshirani 1996)
    double l2 = 0;  ///< the penalty l2 * sum w^2 over the tensors that decay
    std::optional<Initialization> initialization{};  ///< of all weights and biases; empty: each layer's own
    std::optional<ModelDescription> description{};   ///< the model, instead of one with a name
    /// The weight of the consistency loss; above 0 a training graph sees three views of each example.
    double consistency = 0;
    /// Whether a training graph's targets are t y* + (1 - t) y0, with the run-time scalar "t" and the input
    /// "start_targets" [1, target_count] for y0.
    bool evolving_targets = false;
    /// Whether the loss must be a divergence, whose minimum is 0. Its mean over the batch, without penalties,
    /// is the tap "divergence". Here and where targets evolve the default loss is kl instead of
    /// cross-entropy, and binary-kl instead of logistic.
    bool divergence = false;
    /// Whether a training graph's loss is that of the outputs over the run-time scalar "temperature", those
    /// of auxiliary heads and of all views alike. Needs a loss on logits.
    bool annealed = false;
    ParameterGroups groups{};  ///< which tensors are frozen, and which have rates of their own
};

/// A model with its loss: builds the graphs of training and evaluation for any batch size, and knows how its
/// parameters and buffers are laid out and initialised.
///
/// Inputs of the graphs: "features" [n, feature_shape], "targets" [n, target_count], "example_weights" [n,
/// 1]. With a consistency loss the training graph's features have 3 n rows: n examples, then two augmented
/// versions of each.
///
/// Usage:
///
///     const Network network({.model = Spec::parse("mlp:hidden=16"), .feature_shape = {2}, .target_count =
///     3}); Parameters weights(network.parameters(), Precision::f32); network.initialize(weights, 1);
class Network {
public:
    /// Throws RequestError for unknown names, bad settings, a loss that does not fit the task, or groups of
    /// tensors that there are not.
    explicit Network(NetworkOptions options);

    const NetworkOptions& options() const { return options_; }
    const std::shared_ptr<const ParameterLayout>& parameters() const { return parameters_; }
    const ParameterLayout& buffers() const { return buffers_; }
    const Loss& loss() const { return loss_; }
    /// Columns of the outputs.
    int64_t output_count() const { return output_count_; }

    /// Rows of the features for each example of a training graph.
    int64_t training_views() const { return options_.consistency > 0 ? 3 : 1; }

    /// (1/n) sum_i weight_i (loss_i + sum_k weight_k loss_ki) + l1 sum |w| + l2 sum w^2, with k over the
    /// auxiliary heads, the tap "outputs" and the updates of the buffers. The graph's outputs are what the
    /// loss is convex in, so that its Gauss-Newton matrix is positive semi-definite: the model's, over the
    /// temperature where there is one, or their softmax for a loss that compares probabilities
    /// (Loss::compared); where there are heads, with theirs side by side. With a consistency loss, loss_i and
    /// loss_ki are those of the first view, and consistency JS_i of all three views of the model
    /// (jensen_shannon) is added, which is not convex in logits; batch normalisation sees all of them.
    LossGraph training_graph(Graph& graph, int64_t batch) const;

    /// In evaluation mode: the outputs, and the loss of each example [n, 1] without penalty.
    struct Evaluation {
        Value outputs, losses;
    };
    Evaluation evaluation_graph(Graph& graph, int64_t batch) const;

    /// The first layer of batch normalisation that sees a single value of each feature in a training batch of
    /// this size, so that it has no variance to divide by; empty: there is none.
    std::string lone_batch_norm(int64_t batch) const;

    /// The initial parameters for a seed. Each tensor draws from a key of its own.
    void initialize(Parameters& parameters, uint64_t seed) const;
    /// The initial buffers.
    Vector initial_buffers(Precision precision) const;

private:
    struct Built {
        Value outputs;          ///< of the model
        Value all_outputs;      ///< what the training loss is a function of, of auxiliary heads too
        Value losses;           ///< of the model's outputs
        Value training_losses;  ///< with those of the heads
    };
    Built build(Builder& builder, int64_t batch, int64_t views = 1) const;

    NetworkOptions options_;
    Model model_;
    Loss loss_;
    int64_t output_count_;
    std::shared_ptr<const ParameterLayout> parameters_;
    ParameterLayout buffers_;
    std::vector<Initializer> initializers_;
    std::vector<double> buffer_values_;
};

}  // namespace ravine
