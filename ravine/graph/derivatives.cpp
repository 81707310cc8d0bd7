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

namespace {

/// What happens to adjoints at the values that they are asked for: they end there, or go on to what lies
/// before.
enum class AtWanted { stop, go_on };

std::vector<Value> adjoints_of(std::span<const Value> ys, std::span<const Value> seeds,
                               std::span<const Value> wrt, AtWanted at_wanted) {
    require(!ys.empty() && ys.size() == seeds.size(), "vjp: {} values, {} seeds", ys.size(), seeds.size());
    Graph& graph = *ys[0].graph;
    const LabelScope scope(graph);
    const int last = largest_id(ys);
    const auto depends = dependents(graph, wrt, last);
    std::vector<char> stops(depends.size(), 0);
    for (const auto v : wrt)
        if (v.id <= last && at_wanted == AtWanted::stop) stops[static_cast<size_t>(v.id)] = 1;

    std::vector<MaybeValue> adjoints(depends.size());
    for (size_t i = 0; i < ys.size(); ++i) {
        require(ys[i].shape() == seeds[i].shape(), "vjp: a seed of {} for {}", to_string(seeds[i].shape()),
                to_string(ys[i].shape()));
        auto& adjoint = adjoints[static_cast<size_t>(ys[i].id)];
        adjoint = sum_of(adjoint, seeds[i]);
    }
    for (int id = last; id >= 0; --id) {
        const auto index = static_cast<size_t>(id);
        if (!adjoints[index] || !depends[index] || stops[index]) continue;
        graph.label = graph.node(id).label;
        const auto rule = rule_of(graph.node(id).op);
        if (!rule.vjp) continue;  // a leaf
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

/// The tangents of all nodes 0 ... last, by their ids. A value of `wrt` without a tangent is held constant.
std::vector<MaybeValue> tangents_up_to(int last, std::span<const Value> wrt,
                                       std::span<const MaybeValue> tangents) {
    require(!wrt.empty() && wrt.size() == tangents.size(), "jvp: {} values, {} tangents", wrt.size(),
            tangents.size());
    Graph& graph = *wrt[0].graph;
    const LabelScope scope(graph);
    const auto depends = dependents(graph, wrt, last);
    std::vector<MaybeValue> known(depends.size());
    std::vector<char> is_wrt(depends.size(), 0);
    for (size_t i = 0; i < wrt.size(); ++i) {
        require(!tangents[i] || wrt[i].shape() == tangents[i]->shape(), "jvp: a tangent of {} for {}",
                to_string(tangents[i].value_or(wrt[i]).shape()), to_string(wrt[i].shape()));
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
    return known;
}

/// The tangents of ys.
std::vector<MaybeValue> tangents_of(std::span<const Value> ys, std::span<const Value> wrt,
                                    std::span<const MaybeValue> tangents) {
    if (wrt.empty()) return std::vector<MaybeValue>(ys.size());
    const auto known = tangents_up_to(largest_id(ys), wrt, tangents);
    std::vector<MaybeValue> result;
    for (const auto y : ys) result.push_back(known[static_cast<size_t>(y.id)]);
    return result;
}

/// d^2 op(arguments)[t, t] of a node whose value is the operation of its arguments, where those have the
/// tangents t and the node's own is `tangent`: the tangent of the tangent with t held, of this operation
/// alone.
MaybeValue second_order_term(Value y, std::span<const MaybeValue> known, Value tangent) {
    Graph& graph = *y.graph;
    std::vector<Value> wrt{y};
    std::vector<MaybeValue> moves{tangent};
    for (const int argument : y.node().arguments) {
        wrt.push_back({&graph, argument});
        moves.push_back(known[static_cast<size_t>(argument)]);
    }
    std::vector<MaybeValue> parts(moves.begin() + 1, moves.end());
    for (auto& part : parts) {
        if (!part) continue;
        // A tangent that is itself an argument would move with it.
        if (std::ranges::find(wrt, *part) != wrt.end()) part = stop_gradient(*part);
        wrt.push_back(*part);
        moves.emplace_back();
    }
    const Value first = *rule_of(y.op()).jvp(y, parts);
    return tangents_of({&first, 1}, wrt, moves)[0];
}

/// What a Gauss-Newton matrix does with v: the tangent J v of the outputs, the adjoint L J v, and the product
/// of v with the Hessian of y while the outputs are held, for each of `wrt`.
struct GaussNewton {
    Value tangent, adjoint;
    std::vector<MaybeValue> beside;
};

GaussNewton gauss_newton(Value y, Value outputs, std::span<const Value> wrt, std::span<const Value> v) {
    GaussNewton result;
    result.tangent = jvp({&outputs, 1}, wrt, v)[0];
    const auto slope = gradient(y, {&outputs, 1});
    result.adjoint = jvp(slope, {&outputs, 1}, {&result.tangent, 1})[0];
    std::vector<Value> all(wrt.begin(), wrt.end());
    std::vector<MaybeValue> tangents(v.begin(), v.end());
    all.push_back(outputs);
    tangents.emplace_back();  // last, so that outputs that are one of `wrt` are held too
    auto slopes = gradient(y, all);
    slopes.pop_back();
    result.beside = tangents_of(slopes, all, tangents);
    return result;
}

}  // namespace

std::vector<Value> vjp(std::span<const Value> ys, std::span<const Value> seeds, std::span<const Value> wrt) {
    return adjoints_of(ys, seeds, wrt, AtWanted::stop);
}

std::vector<Value> adjoints(Value y, std::span<const Value> values) {
    require(y.shape().empty(), "adjoints: expected a scalar, found {}", to_string(y.shape()));
    const Value one = constant_like(y, 1);
    return adjoints_of({&y, 1}, {&one, 1}, values, AtWanted::go_on);
}

std::vector<Value> jvp(std::span<const Value> ys, std::span<const Value> wrt,
                       std::span<const Value> tangents) {
    const std::vector<MaybeValue> given(tangents.begin(), tangents.end());
    const auto found = tangents_of(ys, wrt, given);
    std::vector<Value> result;
    for (size_t i = 0; i < ys.size(); ++i) result.push_back(found[i].value_or(constant_like(ys[i], 0)));
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
    const GaussNewton found = gauss_newton(y, outputs, wrt, v);
    auto result = vjp({&outputs, 1}, {&found.adjoint, 1}, wrt);
    for (size_t i = 0; i < result.size(); ++i)
        if (found.beside[i]) result[i] = result[i] + *found.beside[i];
    return result;
}

Value gauss_newton_along(Value y, Value outputs, std::span<const Value> wrt, std::span<const Value> v) {
    const GaussNewton found = gauss_newton(y, outputs, wrt, v);
    Value result = sum(found.tangent * found.adjoint);
    for (size_t i = 0; i < v.size(); ++i)
        if (found.beside[i]) result = result + sum(v[i] * *found.beside[i]);
    return result;
}

Value curvature_along(Value y, std::span<const Value> wrt, std::span<const Value> v) {
    Graph& graph = *y.graph;
    const std::vector<MaybeValue> given(v.begin(), v.end());
    const auto known = tangents_up_to(y.id, wrt, given);
    std::vector<Value> computed;
    for (int id = 0; id <= y.id; ++id)
        if (known[static_cast<size_t>(id)] && std::ranges::find(wrt, Value{&graph, id}) == wrt.end())
            computed.push_back({&graph, id});
    const auto slopes = adjoints(y, computed);
    const LabelScope scope(graph);
    MaybeValue total;
    for (size_t i = 0; i < computed.size(); ++i) {
        if (constant_value(slopes[i]) == 0) continue;
        graph.label = computed[i].node().label;
        const auto index = static_cast<size_t>(computed[i].id);
        if (const auto second = second_order_term(computed[i], known, *known[index]))
            total = sum_of(total, sum(slopes[i] * *second));
    }
    return total.value_or(constant_like(y, 0));
}

DirectionalDerivatives along(Value y, std::span<const Value> wrt, std::span<const Value> v) {
    const auto slope = jvp({&y, 1}, wrt, v);
    const auto curvature = jvp(slope, wrt, v);
    return {slope[0], curvature[0]};
}

}  // namespace ravine
