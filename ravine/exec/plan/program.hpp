#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ravine/core/values/precision.hpp"
#include "ravine/core/values/vector.hpp"
#include "ravine/graph/graph.hpp"

namespace ravine {

/// How a graph is compiled. f64 runs on the reference executor, f32 and bf16 on oneDNN and our fused loops.
/// With bf16 storages hold floats; what is stored between kernels as bfloat16 is each activation that
/// products read or write.
struct CompileOptions {
    Precision precision = Precision::f32;
    int threads = 1;  ///< fixed at compilation; two one-thread trials want two one-thread programs
};

/// A value that a program leaves in the named storage `storage`, from element `offset` on. The gradient is
/// one storage with one output for each parameter. An output into a storage that the graph also reads (an
/// input or parameter vector) replaces it: the new values appear when the phase ends, as if all were written
/// at once; later phases read them. Until the last phase has run the caller leaves outputs as they are: later
/// phases may read them.
struct Output {
    Value value;
    std::string storage;
    int64_t offset = 0;
    int phase = 0;  ///< the phase after which it must be there
};

struct Plan;

/// What a kernel of a program does, for profiles.
struct KernelInfo {
    std::string text;   ///< "matmul 32x100x100 + bias + relu"
    std::string label;  ///< the layer that built what it computes
    int phase = 0;
    int64_t flops = 0;  ///< as flops_of counts them
    int64_t bytes = 0;  ///< of the tensors that it reads and writes, each once
};

/// A graph compiled for a precision and a number of threads: kernels in order, in phases over one planned
/// arena. Immutable; shared by any number of workspaces.
class Program {
public:
    /// Compiles what the outputs need. The graph may be destroyed afterwards. Throws RequestError where this
    /// processor lacks the precision.
    static std::shared_ptr<const Program> compile(const Graph& graph, std::vector<Output> outputs,
                                                  CompileOptions options);
    ~Program();

    /// The handle of a storage (input, parameter vector or output), or -1 where the program has none of that
    /// name.
    int storage(const std::string& name) const;
    /// The handle of a run-time scalar, or -1.
    int scalar(const std::string& name) const;
    int64_t storage_size(int storage) const;

    Precision precision() const { return options_.precision; }
    int threads() const { return options_.threads; }
    int phase_count() const;
    /// Floating-point operations of a run of the phase, as flops_of counts them.
    int64_t flops(int phase = 0) const;
    /// Bytes of the arena that a workspace allocates: planned values and scratch.
    int64_t arena_bytes() const;
    /// One line a kernel, in order: what `-v` prints.
    std::string describe() const;
    /// The kernels in the order in which they run.
    std::vector<KernelInfo> kernels() const;

    const Plan& plan() const { return *plan_; }

private:
    Program(CompileOptions options, std::unique_ptr<const Plan> plan);

    CompileOptions options_;
    std::unique_ptr<const Plan> plan_;
};

/// What keys the random operations of a run: see random_uniform.
struct RandomContext {
    uint64_t seed = 0;
    uint64_t step = 0;
    std::span<const int64_t> examples;  ///< the index of each example of the batch; empty means 0, 1, 2, ...
};

struct KernelState;

/// The memory of one trial running a program. Nothing is allocated by run() after the first run of each
/// phase.
///
/// Usage:
///
///     Workspace workspace(Program::compile(graph, {{y, "y"}}, {.precision = Precision::f64}));
///     const Program& program = workspace.program();
///     workspace.bind(program.storage("x"), numbers);
///     workspace.set_scalar(program.scalar("c"), 1);
///     workspace.run();
///     const double result = workspace.value(program.storage("y"));
class Workspace {
public:
    explicit Workspace(std::shared_ptr<const Program> program);
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    const Program& program() const { return *program_; }

    /// Uses memory of the caller for a storage: at least storage_size elements of the precision
    /// that the program stores and that outlive their use. A storage that is not bound has memory of the
    /// workspace's own. Not between the phases of a run: what earlier phases have left stays where it was.
    void bind(int storage, void* data);
    void bind(int storage, Vector& vector);
    /// For a storage that the program only reads.
    void bind(int storage, const Vector& vector);
    /// The memory of a storage.
    void* data(int storage) const;
    /// One element of a storage, whatever the precision.
    double value(int storage, int64_t index = 0) const;

    void set_scalar(int scalar, double value);
    RandomContext random;
    /// Where not empty, run() adds the seconds that each kernel takes to the element of its number.
    std::span<double> kernel_seconds;

    /// Runs one phase. The phases before it must have run with the same inputs, all of them since this phase
    /// or a later one last ran: later phases reuse the memory of earlier ones. Only the last phase, where
    /// it has two or more before it, may run again and again.
    void run(int phase = 0);

private:
    void resolve();

    std::shared_ptr<const Program> program_;
    Vector arena_;
    std::vector<Vector> owned_;    // memory of storages that nobody bound
    std::vector<void*> storages_;  // the memory of each storage
    std::vector<void*> buffers_;   // the memory of each buffer of the plan
    std::vector<double> scalars_;
    std::vector<std::unique_ptr<KernelState>> states_;  // one a step
    uint64_t bindings_ = 0;                             // counts changes of buffers_
    bool resolved_ = false;
};

}  // namespace ravine
