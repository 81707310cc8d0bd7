#include "ravine/nn/normalization/instance_norm.hpp"

#include "ravine/core/error.hpp"
#include "ravine/graph/normalize.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {

Value instance_norm(Builder& b, Value x, const InstanceNormOptions& options) {
    const Shape& s = x.shape();
    const Shape example(s.begin() + 1, s.end());
    if (s.size() != 4 || s[1] * s[2] == 1)
        fail_request("instance normalisation: expected images of more than one pixel, found {}",
                     to_string(example));
    const Value gamma = b.undecayed_parameter("weight", {s[3]}, constant_initializer(1));
    const Value beta = b.undecayed_parameter("bias", {s[3]}, constant_initializer(0));
    return normalize(x, {s[0], 1, 1, s[3]}, gamma, beta, options.epsilon, StatisticsOf::example).result;
}

}  // namespace ravine
