#include "ravine/nn/normalization/batch_norm.hpp"

#include "ravine/graph/normalize.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {

Value batch_norm(Builder& b, Value x, const BatchNormOptions& options) {
    const Shape shape{x.shape().back()};
    const Value gamma = b.undecayed_parameter("weight", shape, constant_initializer(1));
    const Value beta = b.undecayed_parameter("bias", shape, constant_initializer(0));
    const Value running_mean = b.buffer("running_mean", shape, 0);
    const Value running_variance = b.buffer("running_var", shape, 1);
    if (b.mode() == Mode::evaluation) {
        const Value scale = gamma / sqrt(running_variance + options.epsilon);
        return x * scale + (beta - running_mean * scale);
    }
    const auto [result, mean, variance] =
        normalize(x, shape, gamma, beta, options.epsilon, StatisticsOf::batch);
    const double count = static_cast<double>(element_count(x.shape()) / shape[0]);
    if (count == 1) {  // no variance, and a mean that is one example's
        b.update_buffer(running_mean, running_mean, running_mean);
        b.update_buffer(running_variance, running_variance, running_variance);
        return result;
    }
    const double keep = 1 - options.momentum, unbiased = count / (count - 1);
    b.update_buffer(running_mean, keep * running_mean + options.momentum * mean, mean);
    b.update_buffer(running_variance, keep * running_variance + options.momentum * unbiased * variance,
                    unbiased * variance);
    return result;
}

}  // namespace ravine
