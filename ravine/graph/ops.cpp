#include "ravine/graph/ops.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

Value unary(Op op, Value x) { return x.graph->make(op, {x.id}, x.shape()); }

/// Folds a unary operation on a constant, else builds it.
template <class F>
Value folded(Op op, Value x, F function) {
    if (const auto c = constant_value(x)) return constant_like(x, function(*c));
    return unary(op, x);
}

void require_one_graph(Value a, Value b) {
    require(a.graph == b.graph, "values of two graphs in one operation");
}

/// Brings both arguments to their common shape.
std::pair<Value, Value> align(Value a, Value b) {
    require_one_graph(a, b);
    const Shape shape = broadcast_shape(a.shape(), b.shape());
    return {broadcast(a, shape), broadcast(b, shape)};
}

Value binary(Op op, Value a, Value b) { return a.graph->make(op, {a.id, b.id}, a.shape()); }

bool is_constant(Value x, double number) {
    const auto c = constant_value(x);
    return c && *c == number;
}

int64_t pooled_extent(int64_t extent, int64_t kernel, int64_t stride, int64_t padding) {
    require(kernel > 0 && stride > 0 && padding >= 0 && extent + 2 * padding >= kernel,
            "a window of {} with stride {} does not fit into {} with padding {}", kernel, stride, extent,
            padding);
    return (extent + 2 * padding - kernel) / stride + 1;
}

/// The shape of conv2d for an image [n, h, w, c] and a kernel [o, c, kh, kw].
Shape convolved_shape(Op op, const Shape& image, const Shape& kernel, ConvolutionGeometry geometry) {
    require(image.size() == 4 && kernel.size() == 4 && image[3] == kernel[1], "{}: image {} and kernel {}",
            name_of(op), to_string(image), to_string(kernel));
    const auto [stride, padding] = geometry;
    return {image[0], pooled_extent(image[1], kernel[2], stride, padding),
            pooled_extent(image[2], kernel[3], stride, padding), kernel[0]};
}

Attributes integers(std::vector<int64_t> values) {
    return {.integers = std::move(values), .number = 0, .name = {}};
}

}  // namespace

std::optional<double> constant_value(Value x) {
    if (x.op() != Op::constant) return std::nullopt;
    return x.node().attributes.number;
}

Value constant_like(Value x, double number) { return x.graph->constant(number, x.shape()); }

Value operator-(Value x) {
    return folded(Op::negate, x, [](double c) { return -c; });
}
Value exp(Value x) {
    return folded(Op::exp, x, [](double c) { return std::exp(c); });
}
Value log(Value x) {
    return folded(Op::log, x, [](double c) { return std::log(c); });
}
Value sqrt(Value x) {
    return folded(Op::sqrt, x, [](double c) { return std::sqrt(c); });
}
Value reciprocal(Value x) {
    return folded(Op::reciprocal, x, [](double c) { return 1 / c; });
}
Value square(Value x) {
    return folded(Op::square, x, [](double c) { return c * c; });
}
Value abs(Value x) {
    return folded(Op::abs, x, [](double c) { return std::abs(c); });
}
Value sign(Value x) { return unary(Op::sign, x); }
Value step(Value x) { return unary(Op::step, x); }
Value relu(Value x) { return unary(Op::relu, x); }
Value tanh(Value x) { return unary(Op::tanh, x); }
Value sigmoid(Value x) { return unary(Op::sigmoid, x); }
Value softplus(Value x) { return unary(Op::softplus, x); }
Value sin(Value x) { return unary(Op::sin, x); }
Value cos(Value x) { return unary(Op::cos, x); }
Value stop_gradient(Value x) { return unary(Op::stop_gradient, x); }
Value cross_replica_sum(Value x) { return unary(Op::cross_replica_sum, x); }

Value operator+(Value a, Value b) {
    std::tie(a, b) = align(a, b);
    if (constant_value(a) && constant_value(b))
        return constant_like(a, *constant_value(a) + *constant_value(b));
    if (is_constant(a, 0)) return b;
    if (is_constant(b, 0)) return a;
    return binary(Op::add, a, b);
}

Value operator-(Value a, Value b) {
    std::tie(a, b) = align(a, b);
    if (constant_value(a) && constant_value(b))
        return constant_like(a, *constant_value(a) - *constant_value(b));
    if (is_constant(b, 0)) return a;
    if (is_constant(a, 0)) return -b;
    return binary(Op::subtract, a, b);
}

Value operator*(Value a, Value b) {
    std::tie(a, b) = align(a, b);
    if (constant_value(a) && constant_value(b))
        return constant_like(a, *constant_value(a) * *constant_value(b));
    if (is_constant(a, 1) || is_constant(b, 0)) return b;
    if (is_constant(b, 1) || is_constant(a, 0)) return a;
    if (is_constant(a, -1)) return -b;
    if (is_constant(b, -1)) return -a;
    if (a == b) return square(a);
    return binary(Op::multiply, a, b);
}

Value operator/(Value a, Value b) {
    std::tie(a, b) = align(a, b);
    if (const auto c = constant_value(b)) return a * (1 / *c);
    if (is_constant(a, 1)) return reciprocal(b);
    return binary(Op::divide, a, b);
}

Value operator+(Value a, double b) { return a + constant_like(a, b); }
Value operator-(Value a, double b) { return a - constant_like(a, b); }
Value operator*(Value a, double b) { return a * constant_like(a, b); }
Value operator/(Value a, double b) { return a / constant_like(a, b); }
Value operator+(double a, Value b) { return constant_like(b, a) + b; }
Value operator-(double a, Value b) { return constant_like(b, a) - b; }
Value operator*(double a, Value b) { return constant_like(b, a) * b; }
Value operator/(double a, Value b) { return constant_like(b, a) / b; }

Value maximum(Value a, Value b) {
    std::tie(a, b) = align(a, b);
    return binary(Op::maximum, a, b);
}
Value minimum(Value a, Value b) {
    std::tie(a, b) = align(a, b);
    return binary(Op::minimum, a, b);
}
Value greater(Value a, Value b) {
    std::tie(a, b) = align(a, b);
    return binary(Op::greater, a, b);
}
Value equal(Value a, Value b) {
    std::tie(a, b) = align(a, b);
    return binary(Op::equal, a, b);
}

Value select(Value condition, Value a, Value b) {
    std::tie(a, b) = align(a, b);
    std::tie(condition, a) = align(condition, a);
    b = broadcast(b, a.shape());
    return a.graph->make(Op::select, {condition.id, a.id, b.id}, a.shape());
}

Value broadcast(Value x, const Shape& shape) {
    if (x.shape() == shape) return x;
    require(broadcast_shape(x.shape(), shape) == shape, "broadcast: {} to {}", to_string(x.shape()),
            to_string(shape));
    if (const auto c = constant_value(x)) return x.graph->constant(*c, shape);
    return x.graph->make(Op::broadcast, {x.id}, shape);
}

Value sum_to(Value x, const Shape& shape) {
    if (x.shape() == shape) return x;
    require(broadcast_shape(x.shape(), shape) == x.shape(), "sum_to: {} to {}", to_string(x.shape()),
            to_string(shape));
    const auto repeats =
        static_cast<double>(element_count(x.shape())) / static_cast<double>(element_count(shape));
    if (const auto c = constant_value(x)) return x.graph->constant(*c * repeats, shape);
    if (element_count(x.shape()) == element_count(shape)) return reshape(x, shape);
    // A scatter only moves numbers within an image: what is summed over all places is summed before it.
    if (x.op() == Op::pool_scatter && (shape.size() < 2 || (shape.size() == 4 && shape[1] * shape[2] == 1)))
        return sum_to(x.argument(0), shape);
    return x.graph->make(Op::sum_to, {x.id}, shape);
}

Value max_to(Value x, const Shape& shape) {
    require(broadcast_shape(x.shape(), shape) == x.shape(), "max_to: {} to {}", to_string(x.shape()),
            to_string(shape));
    if (element_count(x.shape()) == element_count(shape)) return reshape(x, shape);
    return x.graph->make(Op::max_to, {x.id}, shape);
}

Value sum(Value x) { return sum_to(x, {}); }

Value mean(Value x) { return sum(x) / static_cast<double>(element_count(x.shape())); }

Value reshape(Value x, const Shape& shape) {
    if (x.shape() == shape) return x;
    require(element_count(x.shape()) == element_count(shape), "reshape: {} to {}", to_string(x.shape()),
            to_string(shape));
    if (const auto c = constant_value(x)) return x.graph->constant(*c, shape);
    return x.graph->make(Op::reshape, {x.id}, shape);
}

Value permute(Value x, const std::vector<int64_t>& axes) {
    const Shape& from = x.shape();
    std::vector<int64_t> sorted = axes, identity(from.size());
    std::ranges::sort(sorted);
    std::iota(identity.begin(), identity.end(), int64_t{0});
    require(sorted == identity, "permute: {} axes for {}", axes.size(), to_string(from));
    if (axes == identity) return x;
    Shape shape;
    for (const int64_t axis : axes) shape.push_back(from[static_cast<size_t>(axis)]);
    // Axes of extent 1 may move freely: where only they move, the elements keep their order.
    std::vector<int64_t> moving;
    std::ranges::copy_if(axes, std::back_inserter(moving),
                         [&](int64_t axis) { return from[static_cast<size_t>(axis)] != 1; });
    if (std::ranges::is_sorted(moving)) return reshape(x, shape);
    return x.graph->make(Op::permute, {x.id}, shape, integers(axes));
}

Value slice(Value x, const std::vector<int64_t>& offsets, const Shape& shape) {
    bool fits = offsets.size() == shape.size() && shape.size() == x.shape().size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
        fits = offsets[i] >= 0 && shape[i] > 0 && offsets[i] + shape[i] <= x.shape()[i];
    require(fits, "slice: {} at {} of {}", to_string(shape), to_string(offsets), to_string(x.shape()));
    if (x.shape() == shape) return x;
    return x.graph->make(Op::slice, {x.id}, shape, integers(offsets));
}

Value pad(Value x, const std::vector<int64_t>& offsets, const Shape& shape) {
    bool fits = offsets.size() == shape.size() && shape.size() == x.shape().size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
        fits = offsets[i] >= 0 && offsets[i] + x.shape()[i] <= shape[i];
    require(fits, "pad: {} at {} of {}", to_string(x.shape()), to_string(offsets), to_string(shape));
    if (x.shape() == shape) return x;
    return x.graph->make(Op::pad, {x.id}, shape, integers(offsets));
}

Value concatenate(const std::vector<Value>& parts, size_t axis) {
    require(!parts.empty() && axis < parts[0].shape().size(), "concatenate: no parts, or no axis {}", axis);
    Shape shape = parts[0].shape();
    shape[axis] = 0;
    for (const auto part : parts) shape[axis] += part.shape().at(axis);
    std::vector<int64_t> offsets(shape.size(), 0);
    Value result = parts[0].graph->constant(0, shape);
    for (const auto part : parts) {
        result = result + pad(part, offsets, shape);
        offsets[axis] += part.shape()[axis];
    }
    return result;
}

Value matmul(Value a, Value b, Transpose transpose_a, Transpose transpose_b) {
    require_one_graph(a, b);
    require(a.shape().size() == 2 && b.shape().size() == 2, "matmul: {} and {}", to_string(a.shape()),
            to_string(b.shape()));
    const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
    const int64_t m = a.shape()[ta ? 1 : 0], k = a.shape()[ta ? 0 : 1], n = b.shape()[tb ? 0 : 1];
    require(b.shape()[tb ? 1 : 0] == k, "matmul: {}{} and {}{}", to_string(a.shape()),
            ta ? " transposed" : "", to_string(b.shape()), tb ? " transposed" : "");
    return a.graph->make(Op::matmul, {a.id, b.id}, {m, n}, integers({ta, tb}));
}

Value conv2d(Value x, Value weight, ConvolutionGeometry geometry) {
    require_one_graph(x, weight);
    return x.graph->make(Op::conv2d, {x.id, weight.id},
                         convolved_shape(Op::conv2d, x.shape(), weight.shape(), geometry),
                         integers({geometry.stride, geometry.padding}));
}

Value conv2d_input_gradient(Value dy, Value weight, const Shape& shape, ConvolutionGeometry geometry) {
    require_one_graph(dy, weight);
    require(convolved_shape(Op::conv2d_input_gradient, shape, weight.shape(), geometry) == dy.shape(),
            "conv2d_input_gradient: output gradient {} and kernel {} for image {}", to_string(dy.shape()),
            to_string(weight.shape()), to_string(shape));
    return dy.graph->make(Op::conv2d_input_gradient, {dy.id, weight.id}, shape,
                          integers({geometry.stride, geometry.padding}));
}

Value conv2d_weight_gradient(Value x, Value dy, const Shape& shape, ConvolutionGeometry geometry) {
    require_one_graph(x, dy);
    require(convolved_shape(Op::conv2d_weight_gradient, x.shape(), shape, geometry) == dy.shape(),
            "conv2d_weight_gradient: image {} and output gradient {} for kernel {}", to_string(x.shape()),
            to_string(dy.shape()), to_string(shape));
    return x.graph->make(Op::conv2d_weight_gradient, {x.id, dy.id}, shape,
                         integers({geometry.stride, geometry.padding}));
}

namespace {

Shape pooled_shape(Value x, PoolGeometry g) {
    require(x.shape().size() == 4 && g.padding < g.kernel, "pooling: image {}, kernel {}, padding {}",
            to_string(x.shape()), g.kernel, g.padding);
    return {x.shape()[0], pooled_extent(x.shape()[1], g.kernel, g.stride, g.padding),
            pooled_extent(x.shape()[2], g.kernel, g.stride, g.padding), x.shape()[3]};
}

}  // namespace

Value max_pool(Value x, PoolGeometry g) {
    const Shape shape = pooled_shape(x, g);
    const Attributes attributes = integers({g.kernel, g.stride, g.padding});
    const Value indices = x.graph->make(Op::max_pool_indices, {x.id}, shape, attributes);
    return x.graph->make(Op::pool_gather, {x.id, indices.id}, shape, attributes);
}

Value average_pool(Value x, PoolGeometry g) {
    return x.graph->make(Op::average_pool, {x.id}, pooled_shape(x, g),
                         integers({g.kernel, g.stride, g.padding}));
}

namespace {

void require_rows(Value x, const char* what) {
    require(x.shape().size() == 2, "{}: expected [n, c], found {}", what, to_string(x.shape()));
}

}  // namespace

Value softmax(Value x) {
    require_rows(x, "softmax");
    return unary(Op::softmax, x);
}

Value log_softmax(Value x) {
    require_rows(x, "log_softmax");
    return unary(Op::log_softmax, x);
}

Value softmax_cross_entropy(Value logits, Value targets) {
    require_one_graph(logits, targets);
    require_rows(logits, "softmax_cross_entropy");
    require(logits.shape() == targets.shape(), "softmax_cross_entropy: logits {} and targets {}",
            to_string(logits.shape()), to_string(targets.shape()));
    return logits.graph->make(Op::softmax_cross_entropy, {logits.id, targets.id}, {logits.shape()[0], 1});
}

Value random_uniform(Graph& graph, const Shape& shape, int64_t stream) {
    return graph.make(Op::uniform, {}, shape, integers({stream}));
}

Value random_normal(Graph& graph, const Shape& shape, int64_t stream) {
    return graph.make(Op::normal, {}, shape, integers({stream}));
}

}  // namespace ravine
