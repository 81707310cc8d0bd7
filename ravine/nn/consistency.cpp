#include "ravine/nn/consistency.hpp"

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {

Value jensen_shannon(const std::vector<Value>& logits) {
    require(!logits.empty(), "a divergence of no distributions");
    const auto count = static_cast<double>(logits.size());
    std::vector<Value> logs;
    for (const auto z : logits) logs.push_back(log_softmax(z));
    // Any shift gives the same log m; it is held constant, so that its ties have no derivative.
    Value shift = logs.front();
    for (const auto log_p : logs) shift = maximum(shift, log_p);
    shift = stop_gradient(shift);
    Value total = exp(logs.front() - shift);
    for (size_t v = 1; v < logs.size(); ++v) total = total + exp(logs[v] - shift);
    const Value log_mean = log(total / count) + shift;
    const Shape rows{logits.front().shape()[0], 1};
    Value sum = sum_to(softmax(logits.front()) * (logs.front() - log_mean), rows);
    for (size_t v = 1; v < logs.size(); ++v)
        sum = sum + sum_to(softmax(logits[v]) * (logs[v] - log_mean), rows);
    return sum / count;
}

std::vector<Value> split_views(Value rows, int64_t views) {
    if (views == 1) return {rows};
    Shape shape = rows.shape();
    require(shape[0] % views == 0, "{} rows for {} views", shape[0], views);
    shape[0] /= views;
    std::vector<Value> result;
    for (int64_t view = 0; view < views; ++view) {
        std::vector<int64_t> offsets(shape.size(), 0);
        offsets[0] = view * shape[0];
        result.push_back(slice(rows, offsets, shape));
    }
    return result;
}

}  // namespace ravine
