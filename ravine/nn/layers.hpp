#pragma once

#include <cstdint>

#include "ravine/graph/ops.hpp"
#include "ravine/nn/activation.hpp"
#include "ravine/nn/builder.hpp"
#include "ravine/nn/normalization/batch_norm.hpp"
#include "ravine/nn/normalization/normalization.hpp"

namespace ravine {

// Layers are functions that build graph. Tables are [n, features], images [n, height, width, channels];
// parameters have PyTorch's names and shapes, so that weights can be exchanged.

struct DenseOptions {
    bool bias = true;
    Initializer weights = glorot_initializer();
    bool standardized = false;  ///< multiplies by standardize_weight(W)
};
/// y = x W' + b; "weight" [units, inputs], "bias" [units].
Value dense(Builder& b, Value x, int64_t units, const DenseOptions& options = {});

struct ConvolutionOptions {
    int64_t kernel = 3, stride = 1, padding = 0;
    bool bias = true;
    Initializer weights = he_initializer();
    bool standardized = false;  ///< with the kernels standardize_weight(W)
};
/// Cross-correlation; "weight" [channels, inputs, kernel, kernel], "bias" [channels].
Value convolution(Builder& b, Value x, int64_t channels, const ConvolutionOptions& options = {});

/// In training drops each element with probability `rate` and divides the others by 1 - rate (inverted
/// dropout; Srivastava et al. 2014); the identity in evaluation.
Value dropout(Builder& b, Value x, double rate);

/// [n, h, w, c] to [n, c h w] in PyTorch's order of elements, so that the weights of the next layer fit.
Value flatten(Value x);

/// The mean over height and width: [n, h, w, c] to [n, c].
Value global_average_pool(Value x);

/// A morphological layer: y_j = max_i (x_i + w_ij); "weight" [units, inputs].
Value max_plus(Builder& b, Value x, int64_t units);

/// Layers one after another, numbered as in PyTorch's nn.Sequential: Sequential(b,
/// x).dense(100).relu().dense(3).
class Sequential {
public:
    Sequential(Builder& builder, Value x) : b_(builder), x_(x) {}

    Sequential& dense(int64_t units, const DenseOptions& options = {});
    Sequential& convolution(int64_t channels, const ConvolutionOptions& options = {});
    Sequential& batch_norm(const BatchNormOptions& options = {});
    /// Adds no layer where the normalisation is none.
    Sequential& normalization(const NormalizationLayer& normalization);
    Sequential& dropout(double rate);
    Sequential& activation(const Activation& activation);
    Sequential& relu();
    Sequential& max_pool(PoolGeometry geometry = {});
    Sequential& global_average_pool();
    Sequential& flatten();
    /// Any function of (Builder&, Value) as one layer.
    template <class Layer>
    Sequential& layer(Layer function) {
        const Builder::Scope scope(b_, std::to_string(index_++));
        x_ = function(b_, x_);
        return *this;
    }

    Value output() const { return x_; }

private:
    Builder& b_;
    Value x_;
    int index_ = 0;
};

}  // namespace ravine
