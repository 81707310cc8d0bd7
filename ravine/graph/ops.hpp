#pragma once

#include <optional>
#include <vector>

#include "ravine/graph/graph.hpp"

namespace ravine {

// Functions that build nodes. Elementwise functions broadcast their arguments by NumPy's rule. All of them
// throw std::logic_error where the shapes do not fit, naming the operation and the shapes. Trivial work (x +
// 0, x * 1, constants among themselves, a reshape to the same shape) is done while building. Nothing is
// folded across another node, such as a reshape of a reshape: the node between may be what a derivative is
// taken with respect to, and executors do that at no cost.

/// The number that fills a constant node, or nothing for any other node.
std::optional<double> constant_value(Value x);
/// A constant of the shape of `x`.
Value constant_like(Value x, double number);

Value operator-(Value x);
Value exp(Value x);
Value log(Value x);
Value sqrt(Value x);
Value reciprocal(Value x);
Value square(Value x);
Value abs(Value x);
/// -1, 0 or 1; its derivative is 0 everywhere.
Value sign(Value x);
/// 1 where x > 0, else 0; its derivative is 0 everywhere.
Value step(Value x);
/// max(x, 0); the derivative at 0 is 0.
Value relu(Value x);
Value tanh(Value x);
/// 1 / (1 + exp(-x)).
Value sigmoid(Value x);
/// log(1 + exp(x)), without overflow.
Value softplus(Value x);
Value sin(Value x);
Value cos(Value x);
/// x, held constant by every derivative.
Value stop_gradient(Value x);
/// The sum of x over the processes of a run; the identity on one process.
Value cross_replica_sum(Value x);

Value operator+(Value a, Value b);
Value operator-(Value a, Value b);
Value operator*(Value a, Value b);
Value operator/(Value a, Value b);
Value operator+(Value a, double b);
Value operator-(Value a, double b);
Value operator*(Value a, double b);
Value operator/(Value a, double b);
Value operator+(double a, Value b);
Value operator-(double a, Value b);
Value operator*(double a, Value b);
Value operator/(double a, Value b);
/// The larger argument; the derivative at a tie goes to `a`.
Value maximum(Value a, Value b);
Value minimum(Value a, Value b);
/// 1 where a > b, else 0; its derivative is 0 everywhere.
Value greater(Value a, Value b);
/// 1 where a = b, else 0; its derivative is 0 everywhere.
Value equal(Value a, Value b);
/// `a` where `condition` is not 0, else `b`. What is not selected does not matter, not even as NaN.
Value select(Value condition, Value a, Value b);

/// Repeats x along axes of extent 1, and along new axes in front, to `shape`.
Value broadcast(Value x, const Shape& shape);
/// The adjoint of broadcast: sums over the axes along which `shape` would be repeated to the shape of x.
Value sum_to(Value x, const Shape& shape);
/// The maximum over those axes; the derivative at a tie is shared evenly.
Value max_to(Value x, const Shape& shape);
/// The sum of all elements, a scalar.
Value sum(Value x);
/// The mean of all elements, a scalar.
Value mean(Value x);
/// The same elements in the same order as another shape.
Value reshape(Value x, const Shape& shape);
/// Axis i of the result is axis axes[i] of x.
Value permute(Value x, const std::vector<int64_t>& axes);
/// The block of extents `shape` that begins at `offsets`.
Value slice(Value x, const std::vector<int64_t>& offsets, const Shape& shape);
/// A tensor of zeros with x at `offsets`: the adjoint of slice.
Value pad(Value x, const std::vector<int64_t>& offsets, const Shape& shape);
/// The arguments one after another along `axis`.
Value concatenate(const std::vector<Value>& parts, size_t axis);

enum class Transpose { no, yes };
/// op(a) op(b) for matrices, op the identity or the transpose.
Value matmul(Value a, Value b, Transpose transpose_a = Transpose::no, Transpose transpose_b = Transpose::no);

/// Step and zero padding of a convolution, the same along both axes.
struct ConvolutionGeometry {
    int64_t stride = 1, padding = 0;
};
/// y[n,i,j,o] = sum x[n, i s + a - p, j s + b - p, c] w[o,c,a,b] (cross-correlation, as in PyTorch).
Value conv2d(Value x, Value weight, ConvolutionGeometry geometry = {});
/// The adjoint of conv2d in x: for an output gradient `dy`, the gradient of shape `shape`.
Value conv2d_input_gradient(Value dy, Value weight, const Shape& shape, ConvolutionGeometry geometry = {});
/// The adjoint of conv2d in the weight: for an output gradient `dy`, the gradient of shape `shape`.
Value conv2d_weight_gradient(Value x, Value dy, const Shape& shape, ConvolutionGeometry geometry = {});

/// Square windows of a pooling layer. Windows start inside the padded image (floor mode, as in PyTorch).
struct PoolGeometry {
    int64_t kernel = 2, stride = 2, padding = 0;
};
/// The maximum of each window; the first one at a tie.
Value max_pool(Value x, PoolGeometry geometry = {});
/// The mean of each window, padding counted as zeros.
Value average_pool(Value x, PoolGeometry geometry = {});

/// exp(x_c) / sum exp(x) over the last axis of [n, c].
Value softmax(Value x);
/// x_c - log sum exp(x) over the last axis of [n, c].
Value log_softmax(Value x);
/// -sum_c targets_c log softmax(logits)_c of each row, [n, 1]. Targets are any distributions, not only
/// one-hot.
Value softmax_cross_entropy(Value logits, Value targets);

/// Numbers in [0, 1) that depend only on the workspace's random key, `stream` and the example: axis 0 of
/// `shape` runs over examples.
Value random_uniform(Graph& graph, const Shape& shape, int64_t stream);
/// Standard normal numbers, keyed like random_uniform.
Value random_normal(Graph& graph, const Shape& shape, int64_t stream);

}  // namespace ravine
