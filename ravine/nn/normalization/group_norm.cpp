#include "ravine/nn/normalization/group_norm.hpp"

#include "ravine/core/error.hpp"
#include "ravine/graph/normalize.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {

Value group_norm(Builder& b, Value x, const GroupNormOptions& options) {
    const Shape& s = x.shape();
    const int64_t n = s[0], channels = s.back(), groups = options.groups;
    if (channels % groups != 0)
        fail_request("group normalisation: expected a number of channels that {} groups divide, found {}",
                     groups, channels);
    if (element_count(s) == n * groups)
        fail_request("group normalisation: expected fewer groups than numbers, found {} of each", groups);
    const Value gamma = b.undecayed_parameter("weight", {channels}, constant_initializer(1));
    const Value beta = b.undecayed_parameter("bias", {channels}, constant_initializer(0));
    const Value grouped = reshape(x, {n, element_count(s) / (n * channels), groups, channels / groups});
    const auto by_group = [&](Value v) { return reshape(v, {groups, channels / groups}); };
    return reshape(normalize(grouped, {n, 1, groups, 1}, by_group(gamma), by_group(beta), options.epsilon,
                             StatisticsOf::example)
                       .result,
                   s);
}

}  // namespace ravine
