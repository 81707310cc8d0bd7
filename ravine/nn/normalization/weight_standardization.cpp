#include "ravine/nn/normalization/weight_standardization.hpp"

#include "ravine/core/error.hpp"
#include "ravine/nn/normalization/standardize.hpp"

namespace ravine {

Value standardize_weight(Value weight, double epsilon) {
    const Shape& s = weight.shape();
    require(s.size() >= 2, "standardize_weight: found {}", to_string(s));
    Shape statistics(s.size(), 1);
    statistics[0] = s[0];
    return standardize(weight, statistics, epsilon);
}

}  // namespace ravine
