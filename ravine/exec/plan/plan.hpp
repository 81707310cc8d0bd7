#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ravine/exec/plan/kernel.hpp"
#include "ravine/exec/plan/program.hpp"

namespace ravine {

/// A place for a value: in a named storage, or in the arena.
struct Buffer {
    int64_t elements = 0;
    int storage = -1;    ///< -1: in the arena
    int64_t offset = 0;  ///< in bytes, within the storage or the arena
    Element element = Element::f32;

    int64_t bytes() const { return elements * size_of(element); }
};

struct Storage {
    std::string name;
    int64_t elements = 0;
    bool is_read = false;     ///< an input or parameter vector
    bool is_written = false;  ///< an output
};

struct Step {
    std::unique_ptr<Kernel> kernel;
    std::vector<int> reads, writes;  ///< buffers
    int phase = 0;
    int64_t flops = 0;    ///< of the nodes that the kernel computes
    std::string label{};  ///< of the first of them: the layer that built it
};

/// A compiled graph.
struct Plan {
    std::vector<Step> steps;  ///< ordered by phase
    std::vector<Buffer> buffers;
    std::vector<Storage> storages;
    std::vector<std::string> scalars;
    int phases = 1;
    int64_t arena_bytes = 0;    ///< planned buffers
    int64_t scratch_bytes = 0;  ///< behind them
};

/// What both executors do alike: finds the needed nodes and their phases, gives values places, collects steps
/// and plans the arena. An executor derives kernels from the nodes and adds them in order.
class Lowering {
public:
    Lowering(const Graph& graph, std::vector<Output> outputs, CompileOptions options);

    const Graph& graph() const { return graph_; }
    const CompileOptions& options() const { return options_; }
    const std::vector<Output>& outputs() const { return outputs_; }

    /// The node itself, or the node whose value it passes on unchanged.
    int resolve(int id) const;
    /// The arguments that computing the node reads: of one that passes a value on, that value alone.
    static std::span<const int> read_arguments(const Node& node);
    /// The node whose memory holds the node's value: through reshapes too.
    int source_of_views(int id) const;
    /// The nodes that some output needs, in topological order.
    const std::vector<int>& needed() const { return needed_; }
    /// The first phase that needs the node.
    int phase_of(int id) const { return phase_[static_cast<size_t>(id)]; }
    /// Whether an output is this node's value, possibly through views.
    bool is_output(int id) const { return is_output_[static_cast<size_t>(id)]; }

    /// Stores the values of these nodes as bfloat16 where they have memory of their own in the arena. Before
    /// the first buffer is made.
    void keep_as_bfloat16(std::vector<char> nodes) { is_bfloat16_ = std::move(nodes); }
    Element element_of(int buffer) const { return plan_->buffers.at(static_cast<size_t>(buffer)).element; }
    int64_t elements_of(int buffer) const { return plan_->buffers.at(static_cast<size_t>(buffer)).elements; }
    /// A new buffer in the arena for something that is no node's value.
    int extra_buffer(int64_t elements, Element element);

    /// Lets outputs of this storage be written where the inputs of the same storage stand: the executor has
    /// seen that a single kernel reads and writes them element by element.
    void allow_in_place(int storage) { in_place_[storage] = true; }

    /// The buffer with the value of a node; made on first use.
    int buffer(int id);
    /// Whether two buffers are the same memory of one storage.
    bool same_place(int a, int b) const;
    int storage(const std::string& name);
    int scalar(const std::string& name);

    /// Adds a kernel that computes `nodes`.
    void add(std::unique_ptr<Kernel> kernel, const std::vector<int>& nodes, std::vector<int> reads,
             std::vector<int> writes, int phase);
    /// Adds copies for outputs that no kernel writes directly, orders the steps and plans the arena.
    std::unique_ptr<const Plan> finish();

private:
    void find_needed();
    void place_outputs();

    const Graph& graph_;
    CompileOptions options_;
    Element stored_;  // of storages, and of the arena where nothing else is asked for
    std::vector<Output> outputs_;
    std::vector<int> needed_, phase_;
    std::vector<char> is_output_;
    std::map<int, int> buffer_of_;  // by node
    std::map<int, std::pair<int, int64_t>>
        placed_;                     // node -> storage and offset that it is written to directly
    std::vector<Output> copies_;     // outputs that are copied when their phase ends
    std::map<int, bool> in_place_;   // by storage
    std::vector<char> is_bfloat16_;  // by node
    bool outputs_placed_ = false;
    std::unique_ptr<Plan> plan_;
};

/// Gives each arena buffer an offset such that buffers whose lives overlap do not: largest first, each at the
/// lowest free place. Returns the number of bytes needed.
int64_t plan_memory(Plan& plan);

/// The executors.
std::unique_ptr<const Plan> lower_to_reference(const Graph& graph, std::vector<Output> outputs,
                                               CompileOptions options);
std::unique_ptr<const Plan> lower_to_onednn(const Graph& graph, std::vector<Output> outputs,
                                            CompileOptions options);

}  // namespace ravine
