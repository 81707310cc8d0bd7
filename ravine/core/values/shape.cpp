#include "ravine/core/values/shape.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "ravine/core/error.hpp"

namespace ravine {

int64_t element_count(const Shape& shape) {
    return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Shape broadcast_shape(const Shape& a, const Shape& b) {
    Shape result(std::max(a.size(), b.size()), 1);
    for (size_t i = 0; i < result.size(); ++i) {
        const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
        const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
        require(x == y || x == 1 || y == 1, "shapes {} and {} do not broadcast", to_string(a), to_string(b));
        result[result.size() - 1 - i] = x == 1 ? y : x;
    }
    return result;
}

std::vector<int64_t> dense_strides(const Shape& shape) {
    std::vector<int64_t> strides(shape.size(), 1);
    for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
    return strides;
}

std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to) {
    require(broadcast_shape(from, to) == to, "{} does not broadcast to {}", to_string(from), to_string(to));
    const auto dense = dense_strides(from);
    std::vector<int64_t> strides(to.size(), 0);
    const size_t skipped = to.size() - from.size();
    for (size_t i = 0; i < from.size(); ++i) strides[skipped + i] = from[i] == 1 ? 0 : dense[i];
    return strides;
}

}  // namespace ravine
