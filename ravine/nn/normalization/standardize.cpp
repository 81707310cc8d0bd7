#include "ravine/nn/normalization/standardize.hpp"

namespace ravine {

Value standardize(Value x, const Shape& statistics, double epsilon) {
    const auto count = static_cast<double>(element_count(x.shape()) / element_count(statistics));
    const Value centered = x - sum_to(x, statistics) / count;
    const Value variance = sum_to(square(centered), statistics) / count;
    return centered * reciprocal(sqrt(variance + epsilon));
}

}  // namespace ravine
