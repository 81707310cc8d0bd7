#include "ravine/nn/layers.hpp"

#include "ravine/core/error.hpp"
#include "ravine/nn/normalization/weight_standardization.hpp"

namespace ravine {

Value dense(Builder& b, Value x, int64_t units, const DenseOptions& options) {
    require(x.shape().size() == 2, "dense: expected [n, features], found {}", to_string(x.shape()));
    Value weight = b.parameter("weight", {units, x.shape()[1]}, options.weights);
    if (options.standardized) weight = standardize_weight(weight);
    Value y = matmul(x, weight, Transpose::no, Transpose::yes);
    if (options.bias) y = y + b.undecayed_parameter("bias", {units}, constant_initializer(0));
    b.note_layer(x, weight, y);
    return y;
}

Value convolution(Builder& b, Value x, int64_t channels, const ConvolutionOptions& options) {
    require(x.shape().size() == 4, "convolution: expected [n, height, width, channels], found {}",
            to_string(x.shape()));
    Value weight =
        b.parameter("weight", {channels, x.shape()[3], options.kernel, options.kernel}, options.weights);
    if (options.standardized) weight = standardize_weight(weight);
    Value y = conv2d(x, weight, {options.stride, options.padding});
    if (options.bias) y = y + b.undecayed_parameter("bias", {channels}, constant_initializer(0));
    b.note_layer(x, weight, y);
    return y;
}

Value dropout(Builder& b, Value x, double rate) {
    require(rate >= 0 && rate < 1, "a drop rate of {}", rate);
    if (b.mode() == Mode::evaluation || rate == 0) return x;
    const Value uniform = random_uniform(b.graph(), x.shape(), b.next_stream());
    const Value kept = 1 - greater(constant_like(x, rate), uniform);
    return x * kept * (1 / (1 - rate));
}

Value flatten(Value x) {
    if (x.shape().size() == 2) return x;
    const int64_t n = x.shape()[0];
    if (x.shape().size() == 4) x = permute(x, {0, 3, 1, 2});
    return reshape(x, {n, element_count(x.shape()) / n});
}

Value global_average_pool(Value x) {
    const Shape& s = x.shape();
    require(s.size() == 4, "global_average_pool: found {}", to_string(s));
    return reshape(sum_to(x, {s[0], 1, 1, s[3]}) / static_cast<double>(s[1] * s[2]), {s[0], s[3]});
}

Value max_plus(Builder& b, Value x, int64_t units) {
    require(x.shape().size() == 2, "max_plus: expected [n, features], found {}", to_string(x.shape()));
    const int64_t n = x.shape()[0], inputs = x.shape()[1];
    const Value weight = b.parameter("weight", {units, inputs}, glorot_initializer());
    const Value sums = reshape(x, {n, 1, inputs}) + weight;
    return reshape(max_to(sums, {n, units, 1}), {n, units});
}

Sequential& Sequential::dense(int64_t units, const DenseOptions& options) {
    return layer([&](Builder& b, Value x) { return ravine::dense(b, x, units, options); });
}

Sequential& Sequential::convolution(int64_t channels, const ConvolutionOptions& options) {
    return layer([&](Builder& b, Value x) { return ravine::convolution(b, x, channels, options); });
}

Sequential& Sequential::batch_norm(const BatchNormOptions& options) {
    return layer([&](Builder& b, Value x) { return ravine::batch_norm(b, x, options); });
}

Sequential& Sequential::normalization(const NormalizationLayer& normalization) {
    return normalization.is_identity ? *this : layer(normalization.apply);
}

Sequential& Sequential::dropout(double rate) {
    return layer([&](Builder& b, Value x) { return ravine::dropout(b, x, rate); });
}

Sequential& Sequential::activation(const Activation& activation) {
    return layer([&](Builder& b, Value x) { return activation.apply(b, x); });
}

Sequential& Sequential::relu() {
    return layer([](Builder&, Value x) { return ravine::relu(x); });
}

Sequential& Sequential::max_pool(PoolGeometry geometry) {
    return layer([&](Builder&, Value x) { return ravine::max_pool(x, geometry); });
}

Sequential& Sequential::global_average_pool() {
    return layer([](Builder&, Value x) { return ravine::global_average_pool(x); });
}

Sequential& Sequential::flatten() {
    return layer([](Builder&, Value x) { return ravine::flatten(x); });
}

}  // namespace ravine
