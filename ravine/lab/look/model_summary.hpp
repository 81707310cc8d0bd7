#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ravine/nn/network.hpp"

namespace ravine {

/// What a model is asked to learn: the part of the data that decides its shapes.
struct ModelProblem {
    Shape feature_shape;  ///< of one example
    int64_t target_count;
    Task task = Task::classification;
};

/// A layer of a network.
struct LayerSummary {
    std::string label;       ///< what its tensors' names begin with: "3.c1"; "outputs" where nothing
    std::string operations;  ///< of a training step's forward pass, on tensors of its output's size or larger
    std::string tensors;     ///< "weight [6, 3, 5, 5], bias [6]"
    Shape output;            ///< of one example
    int64_t parameters = 0;
    int64_t flops = 0;  ///< of an evaluation of one example; 0 for what acts in training alone
};

/// What a network is and costs.
struct ModelSummary {
    std::vector<LayerSummary> layers;  ///< in the order of the forward pass
    int64_t parameters = 0;
    int64_t forward_flops = 0;   ///< of an evaluation of one example: the sum over the layers
    int64_t training_flops = 0;  ///< of a step's loss and gradient, on the whole batch
    int64_t batch = 0;
    int64_t arena_bytes = 0;  ///< planned for the activations and scratch of such a step in float32
};

/// Builds the graphs of `network` and plans a training step; nothing runs. FLOPs as flops_of() counts them: a
/// product counts 2 m n k, so twice its multiplications.
ModelSummary summarize(const Network& network, int64_t batch);

/// The network of a model for a problem. Throws RequestError where they do not fit.
Network network_for(const std::string& model, const std::string& origin, const ModelProblem& problem);

/// The first usual problem that the model takes: 2 columns and 2 classes; 28 x 28 grey images for cnn; 32 x
/// 32 colour images and 10 classes.
ModelProblem usual_problem(const std::string& model, const std::string& origin);

/// "images of 32 x 32 x 3 and 10 classes".
std::string to_string(const ModelProblem& problem);

/// The table of layers and the totals.
std::string model_summary_text(const std::string& model, const std::string& origin,
                               const ModelProblem& problem, int64_t batch);

}  // namespace ravine
