#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "ravine/exec/plan/plan.hpp"

namespace ravine {

constexpr size_t max_fused_registers = 128;

/// A set of nodes that one kernel computes.
struct KernelUnit {
    enum Kind {
        fused,    ///< elementwise operations over one space, with reductions at their ends
        product,  ///< a matmul or conv2d, its bias and its activation
        single,   ///< any other operation
    } kind;
    std::vector<int> members;  ///< in topological order
    Shape space{};             ///< of a fused unit
    int phase = 0;
    /// Those of the members that belong to another unit and are computed here again, in order: cheap, and not
    /// worth a place in memory.
    std::vector<int> recomputed{};

    bool has(int id) const { return std::ranges::binary_search(members, id); }
    bool owns(int id) const { return has(id) && !std::ranges::binary_search(recomputed, id); }
};

/// Splits the needed nodes of a graph into units, in an order in which they can run. Elementwise operations
/// over the same space join as far as no cycle arises; constants, scalars and broadcasts that only fused
/// units read are not computed at all: they are loaded as they are needed. What a few operations make of
/// values that are in memory anyway is computed again by each unit that wants it rather than stored.
class Fusion {
public:
    explicit Fusion(const Lowering& lowering);

    const std::vector<KernelUnit>& units() const { return ordered_; }
    /// Whether the node is read lazily: a constant, scalar or broadcast without memory of its own.
    bool is_lazy(int id) const { return lazy_[static_cast<size_t>(id)]; }
    /// How many needed nodes read the node.
    int use_count(int id) const { return static_cast<int>(uses_[static_cast<size_t>(id)].size()); }

    /// Whether the node must have memory: it is an output, or a unit that does not compute it reads it.
    bool is_stored(int id) const { return stored_[static_cast<size_t>(id)]; }

private:
    /// The computed node behind views and lazy broadcasts, or -1 where there is none (leaves).
    int source_of(int id) const;
    bool reads_hard(int reader, int source) const;
    void find_uses();
    void find_lazy();
    void absorb_epilogues();
    void join_elementwise();
    bool may_join(int a, int b) const;
    void join(int a, int b);
    void find_stored();
    void recompute();
    bool recompute(KernelUnit& unit, int id, int depth, int& loads) const;
    bool is_external(int id) const;
    void order();

    const Lowering& lowering_;
    const Graph& graph_;
    std::vector<std::vector<int>> uses_;  // by node: the needed nodes that read it directly
    std::vector<std::vector<int>>
        readers_;  // by computed node: the computed nodes that read it, through views
    std::vector<char> lazy_, stored_;
    std::vector<int> unit_of_;
    std::vector<KernelUnit> units_;
    std::vector<KernelUnit> ordered_;
};

}  // namespace ravine
