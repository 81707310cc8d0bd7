#include "ravine/exec/cpu/fused/fusion.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <set>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

bool is_view(Op op) { return op == Op::reshape || passes_on(op); }

bool may_be_lazy(Op op) { return op == Op::constant || op == Op::scalar || op == Op::broadcast; }

/// Operations of one or two instructions.
bool is_cheap(Op op) {
    return op == Op::negate || op == Op::square || op == Op::abs || op == Op::step || op == Op::relu ||
           op == Op::add || op == Op::subtract || op == Op::multiply || op == Op::maximum ||
           op == Op::minimum || op == Op::greater || op == Op::equal;
}

/// Operations of fused units. Lazy ones are among them: where one needs memory, a fused unit writes it.
bool is_fusible(Op op) { return is_elementwise(op) || is_reduction(op) || may_be_lazy(op); }

}  // namespace

Fusion::Fusion(const Lowering& lowering) : lowering_(lowering), graph_(lowering.graph()) {
    const size_t count = graph_.nodes().size();
    uses_.resize(count);
    readers_.resize(count);
    lazy_.assign(count, 0);
    unit_of_.assign(count, -1);
    find_uses();
    find_lazy();
    for (const int id : lowering_.needed()) {
        const Op op = graph_.node(id).op;
        if (is_view(op) || is_stored_leaf(op) || is_lazy(id)) continue;
        KernelUnit unit{.kind = is_fusible(op) ? KernelUnit::fused : KernelUnit::single,
                        .members = {id},
                        .phase = lowering_.phase_of(id)};
        if (op == Op::matmul || op == Op::conv2d) unit.kind = KernelUnit::product;
        if (unit.kind == KernelUnit::fused)
            unit.space =
                is_reduction(op) ? graph_.node(graph_.node(id).arguments[0]).shape : graph_.node(id).shape;
        unit_of_[static_cast<size_t>(id)] = static_cast<int>(units_.size());
        units_.push_back(std::move(unit));
    }
    for (const int id : lowering_.needed()) {
        if (unit_of_[static_cast<size_t>(id)] < 0) continue;
        for (const int argument : graph_.node(id).arguments)
            if (const int source = source_of(argument); source >= 0)
                readers_[static_cast<size_t>(source)].push_back(id);
    }
    absorb_epilogues();
    join_elementwise();
    recompute();
    find_stored();
    order();
}

void Fusion::find_uses() {
    for (const int id : lowering_.needed())
        for (const int argument : Lowering::read_arguments(graph_.node(id)))
            uses_[static_cast<size_t>(lowering_.resolve(argument))].push_back(id);
}

void Fusion::find_lazy() {
    for (const int id : lowering_.needed()) {
        if (!may_be_lazy(graph_.node(id).op)) continue;
        const auto& users = uses_[static_cast<size_t>(id)];
        lazy_[static_cast<size_t>(id)] =
            !lowering_.is_output(id) && std::ranges::all_of(users, [&](int user) {
                const Op op = graph_.node(user).op;
                return is_fusible(op) && !is_view(op);
            });
    }
}

int Fusion::source_of(int id) const {
    while (true) {
        id = lowering_.resolve(id);
        const Op op = graph_.node(id).op;
        if (op == Op::reshape || (op == Op::broadcast && is_lazy(id)))
            id = graph_.node(id).arguments[0];
        else
            return is_stored_leaf(op) || is_lazy(id) ? -1 : id;
    }
}

/// Whether `reader` needs all of `source` before it can start: across a view, a broadcast or a reduction.
bool Fusion::reads_hard(int reader, int source) const {
    if (is_reduction(graph_.node(source).op)) return true;
    for (const int argument : graph_.node(reader).arguments)
        if (source_of(argument) == source && lowering_.resolve(argument) != source) return true;
    return false;
}

/// matmul or conv2d, + bias along the last axis, and relu, tanh or sigmoid of that: one unit.
void Fusion::absorb_epilogues() {
    for (auto& unit : units_) {
        if (unit.kind != KernelUnit::product) continue;
        const auto absorb_only_use = [&](auto accepts) {
            const int last = unit.members.back();
            const auto& users = uses_[static_cast<size_t>(last)];
            if (users.size() != 1 || lowering_.is_output(last)) return;
            const int user = users[0];
            if (lowering_.phase_of(user) != unit.phase || !accepts(user, last)) return;
            units_[static_cast<size_t>(unit_of_[static_cast<size_t>(user)])].members.clear();
            unit_of_[static_cast<size_t>(user)] = unit_of_[static_cast<size_t>(last)];
            unit.members.push_back(user);
        };
        absorb_only_use([&](int user, int last) {
            const Node& node = graph_.node(user);
            if (node.op != Op::add) return false;
            const int other =
                lowering_.resolve(node.arguments[lowering_.resolve(node.arguments[0]) == last ? 1 : 0]);
            if (graph_.node(other).op != Op::broadcast) return false;
            const int bias = lowering_.resolve(graph_.node(other).arguments[0]);
            const Shape& shape = graph_.node(bias).shape;
            return is_stored_leaf(graph_.node(bias).op) && shape.size() == 1 && shape[0] == node.shape.back();
        });
        absorb_only_use([&](int user, int) {
            const Op op = graph_.node(user).op;
            return op == Op::relu || op == Op::tanh || op == Op::sigmoid;
        });
    }
}

void Fusion::join_elementwise() {
    // By space, phase and computed or stored operand: the unit that last read it. Units that read the same
    // memory join too, so that it passes through the caches once.
    std::map<std::tuple<Shape, int, int>, int> last_reader;
    for (const int id : lowering_.needed()) {
        const int own = unit_of_[static_cast<size_t>(id)];
        if (own < 0 || units_[static_cast<size_t>(own)].kind != KernelUnit::fused) continue;
        for (const int argument : graph_.node(id).arguments) {
            const int source = lowering_.resolve(argument);
            const int mine = unit_of_[static_cast<size_t>(id)],
                      theirs = unit_of_[static_cast<size_t>(source)];
            if (theirs >= 0 && may_join(theirs, mine)) join(theirs, mine);
        }
        for (const int argument : graph_.node(id).arguments) {
            const int source = lowering_.resolve(argument);
            if (is_lazy(source)) continue;
            const int mine = unit_of_[static_cast<size_t>(id)];
            const auto& unit = units_[static_cast<size_t>(mine)];
            const auto [entry, is_new] = last_reader.try_emplace({unit.space, unit.phase, source}, id);
            if (is_new) continue;
            const int theirs = unit_of_[static_cast<size_t>(entry->second)];
            if (may_join(theirs, mine)) join(theirs, mine);
            entry->second = id;
        }
    }
}

bool Fusion::may_join(int a, int b) const {
    if (a == b) return false;
    const KernelUnit &first = units_[static_cast<size_t>(a)], &second = units_[static_cast<size_t>(b)];
    if (first.kind != KernelUnit::fused || second.kind != KernelUnit::fused || first.space != second.space ||
        first.phase != second.phase)
        return false;
    // An upper bound of the registers: a load for every argument, and a result.
    if (4 * (first.members.size() + second.members.size()) > max_fused_registers) return false;
    // No path from one to the other but direct reads element by element.
    const auto reaches = [&](int from, int to) {
        std::vector<char> seen(units_.size(), 0);
        seen[static_cast<size_t>(from)] = 1;
        std::vector<int> open{from};
        while (!open.empty()) {
            const int unit = open.back();
            open.pop_back();
            for (const int member : units_[static_cast<size_t>(unit)].members) {
                for (const int reader : readers_[static_cast<size_t>(member)]) {
                    const int next = unit_of_[static_cast<size_t>(reader)];
                    if (next == to && (unit != from || reads_hard(reader, member))) return true;
                    if (next == to || seen[static_cast<size_t>(next)]) continue;
                    seen[static_cast<size_t>(next)] = 1;
                    open.push_back(next);
                }
            }
        }
        return false;
    };
    return !reaches(a, b) && !reaches(b, a);
}

void Fusion::join(int a, int b) {
    auto &target = units_[static_cast<size_t>(a)].members, &source = units_[static_cast<size_t>(b)].members;
    for (const int id : source) unit_of_[static_cast<size_t>(id)] = a;
    target.insert(target.end(), source.begin(), source.end());
    std::ranges::sort(target);
    source.clear();
}

void Fusion::find_stored() {
    stored_.assign(graph_.nodes().size(), 0);
    for (const int id : lowering_.needed()) stored_[static_cast<size_t>(id)] = lowering_.is_output(id);
    for (const auto& unit : units_)
        for (const int member : unit.members)
            for (const int argument : graph_.node(member).arguments)
                if (const int source = source_of(argument); source >= 0 && !unit.has(source))
                    stored_[static_cast<size_t>(source)] = 1;
}

/// Lets units compute cheap values of others again, where that replaces a load by no more than one other.
void Fusion::recompute() {
    for (auto& unit : units_) {
        if (unit.kind != KernelUnit::fused) continue;
        const auto members = unit.members;
        for (const int member : members)
            for (const int argument : graph_.node(member).arguments) {
                int loads = 0;
                const int id = lowering_.resolve(argument);
                KernelUnit extended = unit;
                if (!unit.has(id) && recompute(extended, id, 0, loads) && loads <= 1)
                    unit = std::move(extended);
            }
    }
}

/// Whether the caller may change the value between two phases.
bool Fusion::is_external(int id) const {
    while (graph_.node(id).op == Op::broadcast || graph_.node(id).op == Op::reshape)
        id = lowering_.resolve(graph_.node(id).arguments[0]);
    return is_stored_leaf(graph_.node(id).op) || graph_.node(id).op == Op::scalar;
}

/// Adds a value of the unit's space to what the unit computes again, with what that needs, and counts what
/// must be loaded for it; false, and nothing changed, where it should be, or must be, loaded itself.
bool Fusion::recompute(KernelUnit& unit, int id, int depth, int& loads) const {
    constexpr int deepest = 3;
    const Node& node = graph_.node(id);
    const int owner = unit_of_[static_cast<size_t>(id)];
    if (owner < 0 || units_[static_cast<size_t>(owner)].kind != KernelUnit::fused ||
        node.shape != unit.space || !is_cheap(node.op) || lowering_.is_output(id) || depth > deepest ||
        4 * (unit.members.size() + 1) > max_fused_registers)
        return false;
    // What something else wants in memory is as cheap to load.
    const auto wants_memory = [&](int reader) {
        const auto& other = units_[static_cast<size_t>(unit_of_[static_cast<size_t>(reader)])];
        return other.kind != KernelUnit::fused || other.space != unit.space || reads_hard(reader, id);
    };
    if (std::ranges::any_of(readers_[static_cast<size_t>(id)], wants_memory)) return false;

    KernelUnit extended = unit;
    extended.members.insert(std::ranges::upper_bound(extended.members, id), id);
    extended.recomputed.insert(std::ranges::upper_bound(extended.recomputed, id), id);
    int wanted = 0;
    for (const int argument : node.arguments) {
        const int source = lowering_.resolve(argument);
        const auto reads_it = [&](int member) {
            return std::ranges::any_of(graph_.node(member).arguments,
                                       [&](int read) { return lowering_.resolve(read) == source; });
        };
        const bool is_at_hand =
            is_lazy(source) || extended.has(source) || std::ranges::any_of(unit.members, reads_it);
        // Inputs are those of the phase that the value belongs to.
        if (units_[static_cast<size_t>(owner)].phase != unit.phase && is_external(source)) return false;
        if (!is_at_hand && !recompute(extended, source, depth + 1, wanted)) ++wanted;
    }
    unit = std::move(extended);
    loads += wanted;
    return true;
}

/// Kahn's algorithm; among the units that are ready the one with the smallest phase and first node goes
/// first.
void Fusion::order() {
    std::vector<std::set<int>> next(units_.size());
    std::vector<int> waiting(units_.size(), 0);
    for (size_t u = 0; u < units_.size(); ++u)
        for (const int member : units_[u].members)
            for (const int argument : graph_.node(member).arguments) {
                const int source = source_of(argument);
                if (source < 0 || units_[u].has(source)) continue;
                if (next[static_cast<size_t>(unit_of_[static_cast<size_t>(source)])]
                        .insert(static_cast<int>(u))
                        .second)
                    ++waiting[u];
            }
    using Ready = std::tuple<int, int, int>;  // phase, first node, unit
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
    size_t count = 0;
    const auto enqueue = [&](size_t u) {
        ready.emplace(units_[u].phase, units_[u].members.front(), static_cast<int>(u));
    };
    for (size_t u = 0; u < units_.size(); ++u) {
        if (units_[u].members.empty()) continue;
        ++count;
        if (waiting[u] == 0) enqueue(u);
    }
    while (!ready.empty()) {
        const auto unit = static_cast<size_t>(std::get<2>(ready.top()));
        ready.pop();
        ordered_.push_back(units_[unit]);
        for (const int to : next[unit])
            if (--waiting[static_cast<size_t>(to)] == 0) enqueue(static_cast<size_t>(to));
    }
    require(ordered_.size() == count, "fusion made a cycle: {} of {} units ordered", ordered_.size(), count);
}

}  // namespace ravine
