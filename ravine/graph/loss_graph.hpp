#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ravine/graph/graph.hpp"

namespace ravine {

/// A loss as a graph, and what a program may ask of it.
struct LossGraph {
    Value loss;                          ///< a scalar
    std::optional<Value> outputs = {};   ///< logits, predictions: the Gauss-Newton matrix splits here
    std::vector<Value> parameters = {};  ///< every parameter node, in the order of the layout
    std::vector<std::pair<std::string, Value>> taps =
        {};  ///< further values of the forward phase, by storage name
    /// A running statistic, by its offset in the vector of buffers.
    struct BufferUpdate {
        int64_t offset;
        Value next;      ///< what it becomes when the step is accepted
        Value observed;  ///< the batch's own statistic; the buffer itself where the batch has none
    };
    std::vector<BufferUpdate> buffer_updates = {};
    /// A layer that multiplies its input by weights: a dense layer or a convolution.
    struct WeightedLayer {
        std::string name;      ///< as its tensors' names begin
        Value input, weight;   ///< the weight as it is multiplied, perhaps standardised
        Value pre_activation;  ///< input times weight, plus bias
    };
    std::vector<WeightedLayer> layers = {};  ///< in the order of the forward pass
    std::optional<Value> losses = {};        ///< of each example [n, 1], without weights and penalties
};

}  // namespace ravine
