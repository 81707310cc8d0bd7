#include "ravine/graph/values_along.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/graph/rewrite.hpp"

namespace ravine {

std::vector<Value> values_along(Value y, std::span<const Value> wrt, std::span<const Value> v,
                                std::span<const Value> steps) {
    require(wrt.size() == v.size(), "values_along: {} values, {} directions", wrt.size(), v.size());
    Graph& graph = *y.graph;
    const auto place = [&](Value value) { return std::ranges::find(wrt, value) - wrt.begin(); };
    const auto is_moved = [&](Value value) { return place(value) < std::ssize(wrt); };
    std::vector<Value> result;
    for (const Value step : steps) {
        result.push_back(rewrite({y}, [&](Value node, std::span<const Value> now) -> std::optional<Value> {
            if (is_moved(node)) return node + step * v[static_cast<size_t>(place(node))];
            if (node.op() != Op::matmul && node.op() != Op::conv2d) return std::nullopt;
            const Value a = node.argument(0), b = node.argument(1);
            if (now[0] != a || !is_moved(b)) return std::nullopt;
            const auto& attributes = node.node().attributes;
            const Value by =
                graph.make(node.op(), {a.id, v[static_cast<size_t>(place(b))].id}, node.shape(), attributes);
            return node + step * by;
        })[0]);
    }
    return result;
}

}  // namespace ravine
