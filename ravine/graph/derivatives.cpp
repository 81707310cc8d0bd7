#include "ravine/graph/derivatives.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/graph/rule.hpp"

namespace ravine {
namespace {

int largest_id(std::span<const Value> values) {
    int id = -1;
    for (const auto v : values) id = std::max(id, v.id);
    return id;
}

/// Which of the nodes 0 ... last depend on `wrt`, with `wrt` itself.
std::vector<char> dependents(const Graph& graph, std::span<const Value> wrt, int last) {
    std::vector<char> depends(static_cast<size_t>(last) + 1, 0);
    for (const auto v : wrt)
        if (v.id <= last) depends[static_cast<size_t>(v.id)] = 1;
    for (int id = 0; id <= last; ++id)
        for (const int argument : graph.node(id).arguments)
            if (depends[static_cast<size_t>(argument)]) depends[static_cast<size_t>(id)] = 1;
    return depends;
}

/// Gives new nodes the label of the node they are derived from, while it lives.
class LabelScope {
public:
    explicit LabelScope(Graph& graph) : graph_(graph), saved_(graph.label) {}
    ~LabelScope() { graph_.label = saved_; }
    LabelScope(const LabelScope&) = delete;
    LabelScope& operator=(const LabelScope&) = delete;

private:
    Graph& graph_;
    std::string saved_;
};

}  // namespace

MaybeValue sum_of(const MaybeValue& a, const MaybeValue& b) {
    if (a && b) return *a + *b;
    return a ? a : b;
}

Rule rule_of(Op op) {
    if (op < Op::negate) return {};
    if (is_elementwise(op)) return elementwise_rule(op);
    if (op < Op::matmul) return movement_rule(op);
    if (op < Op::max_pool_indices) return product_rule(op);
    if (op < Op::softmax) return pooling_rule(op);
    if (op < Op::normalized) return row_rule(op);
    return normalized_rule();
}

std::vector<Value> vjp(std::span<const Value> ys, std::span<const Value> seeds, std::span<const Value> wrt) {
    require(!ys.empty() && ys.size() == seeds.size(), "vjp: {} values, {} seeds", ys.size(), seeds.size());
    Graph& graph = *ys[0].graph;
    const LabelScope scope(graph);
    const int last = largest_id(ys);
    const auto depends = dependents(graph, wrt, last);
    std::vector<char> is_wrt(depends.size(), 0);
    for (const auto v : wrt)
        if (v.id <= last) is_wrt[static_cast<size_t>(v.id)] = 1;

    std::vector<MaybeValue> adjoints(depends.size());
    for (size_t i = 0; i < ys.size(); ++i) {
        require(ys[i].shape() == seeds[i].shape(), "vjp: a seed of {} for {}", to_string(seeds[i].shape()),
                to_string(ys[i].shape()));
        auto& adjoint = adjoints[static_cast<size_t>(ys[i].id)];
        adjoint = sum_of(adjoint, seeds[i]);
    }
    for (int id = last; id >= 0; --id) {
        const auto index = static_cast<size_t>(id);
        if (!adjoints[index] || !depends[index] || is_wrt[index]) continue;
        graph.label = graph.node(id).label;
        const auto rule = rule_of(graph.node(id).op);
        const auto parts = rule.vjp({&graph, id}, *adjoints[index]);
        const auto arguments = graph.node(id).arguments;
        for (size_t i = 0; i < arguments.size(); ++i) {
            const auto argument = static_cast<size_t>(arguments[i]);
            if (parts[i] && depends[argument]) adjoints[argument] = sum_of(adjoints[argument], parts[i]);
        }
    }
    std::vector<Value> result;
    for (const auto v : wrt) {
        const auto adjoint = v.id <= last ? adjoints[static_cast<size_t>(v.id)] : MaybeValue();
        result.push_back(adjoint.value_or(constant_like(v, 0)));
    }
    return result;
}

std::vector<Value> jvp(std::span<const Value> ys, std::span<const Value> wrt,
                       std::span<const Value> tangents) {
    require(!ys.empty() && wrt.size() == tangents.size(), "jvp: {} values, {} tangents", wrt.size(),
            tangents.size());
    Graph& graph = *ys[0].graph;
    const LabelScope scope(graph);
    const int last = largest_id(ys);
    const auto depends = dependents(graph, wrt, last);
    std::vector<MaybeValue> known(depends.size());
    std::vector<char> is_wrt(depends.size(), 0);
    for (size_t i = 0; i < wrt.size(); ++i) {
        require(wrt[i].shape() == tangents[i].shape(), "jvp: a tangent of {} for {}",
                to_string(tangents[i].shape()), to_string(wrt[i].shape()));
        if (wrt[i].id > last) continue;
        known[static_cast<size_t>(wrt[i].id)] = tangents[i];
        is_wrt[static_cast<size_t>(wrt[i].id)] = 1;
    }
    for (int id = 0; id <= last; ++id) {
        const auto index = static_cast<size_t>(id);
        if (!depends[index] || is_wrt[index]) continue;
        std::vector<MaybeValue> parts;
        for (const int argument : graph.node(id).arguments)
            parts.push_back(known[static_cast<size_t>(argument)]);
        if (std::ranges::none_of(parts, [](const MaybeValue& part) { return part.has_value(); })) continue;
        graph.label = graph.node(id).label;
        known[index] = rule_of(graph.node(id).op).jvp({&graph, id}, parts);
    }
    std::vector<Value> result;
    for (const auto y : ys) result.push_back(known[static_cast<size_t>(y.id)].value_or(constant_like(y, 0)));
    return result;
}

std::vector<Value> gradient(Value y, std::span<const Value> wrt) {
    require(y.shape().empty(), "gradient: expected a scalar, found {}", to_string(y.shape()));
    const Value one = constant_like(y, 1);
    return vjp({&y, 1}, {&one, 1}, wrt);
}

std::vector<Value> hessian_vector(Value y, std::span<const Value> wrt, std::span<const Value> v) {
    const auto g = gradient(y, wrt);
    return jvp(g, wrt, v);
}

std::vector<Value> gauss_newton_vector(Value y, Value outputs, std::span<const Value> wrt,
                                       std::span<const Value> v) {
    const auto tangent = jvp({&outputs, 1}, wrt, v);
    const auto slope = gradient(y, {&outputs, 1});
    const auto curved = jvp(slope, {&outputs, 1}, tangent);
    return vjp({&outputs, 1}, curved, wrt);
}

DirectionalDerivatives along(Value y, std::span<const Value> wrt, std::span<const Value> v) {
    const auto slope = jvp({&y, 1}, wrt, v);
    const auto curvature = jvp(slope, wrt, v);
    return {slope[0], curvature[0]};
}

}  // namespace ravine
