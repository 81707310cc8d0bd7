#include "ravine/graph/rewrite.hpp"

#include <string>
#include <utility>

namespace ravine {

std::vector<Value> rewrite(const std::vector<Value>& values, const RewriteRule& rule) {
    if (values.empty()) return values;
    Graph& graph = *values[0].graph;
    const auto needed = needed_for(graph, values);
    const std::string label = graph.label;
    std::vector<Value> now(needed.size());  // what each node has become
    for (size_t id = 0; id < needed.size(); ++id) {
        if (!needed[id]) continue;
        const Value old{&graph, static_cast<int>(id)};
        std::vector<Value> arguments;
        std::vector<int> ids;
        for (const int argument : old.node().arguments) {
            arguments.push_back(now[static_cast<size_t>(argument)]);
            ids.push_back(arguments.back().id);
        }
        graph.label = old.node().label;
        if (const auto other = rule(old, arguments)) {
            now[id] = *other;
        } else {
            const Node& node = old.node();
            now[id] = ids == node.arguments
                          ? old
                          : graph.make(node.op, std::move(ids), node.shape, node.attributes);
        }
    }
    graph.label = label;
    std::vector<Value> result;
    for (const Value value : values) result.push_back(now[static_cast<size_t>(value.id)]);
    return result;
}

}  // namespace ravine
