#include "ravine/nn/normalization/layer_norm.hpp"

#include "ravine/core/error.hpp"
#include "ravine/graph/normalize.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {

Value layer_norm(Builder& b, Value x, const LayerNormOptions& options) {
    const Shape& s = x.shape();
    require(s.size() == 2 || s.size() == 4, "layer_norm: found {}", to_string(s));
    const bool images = s.size() == 4;
    const Shape shape = images ? Shape{s[3], s[1], s[2]} : Shape{s[1]};
    Value gamma = b.undecayed_parameter("weight", shape, constant_initializer(1));
    Value beta = b.undecayed_parameter("bias", shape, constant_initializer(0));
    if (images) {
        gamma = permute(gamma, {1, 2, 0});
        beta = permute(beta, {1, 2, 0});
    }
    Shape statistics(s.size(), 1);
    statistics[0] = s[0];
    return normalize(x, statistics, gamma, beta, options.epsilon, StatisticsOf::example).result;
}

}  // namespace ravine
