#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ravine/exec/plan/program.hpp"

namespace ravine {

/// What the numbers of a buffer are stored as.
enum class Element : uint8_t { f64, f32, bf16 };

constexpr int64_t size_of(Element element) {
    return element == Element::f64 ? 8 : element == Element::f32 ? 4 : 2;
}

/// a / b, rounded up.
constexpr int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Bytes rounded up to whole cache lines, so that what stands behind is aligned.
constexpr int64_t whole_lines(int64_t bytes) { return ceiling(bytes, 64) * 64; }

/// The upper half of a float.
struct Bfloat16 {
    uint16_t bits;
};

/// What a kernel keeps for one workspace: library objects that hold pointers, packed weights.
struct KernelState {
    virtual ~KernelState() = default;
};

/// What a kernel sees of a workspace while it runs.
struct Context {
    void* const* buffers;  ///< the memory of each buffer of the plan
    const double* scalars;
    const RandomContext* random;
    std::byte* scratch;  ///< Kernel::scratch_bytes() bytes, aligned, contents undefined
    int threads;
    uint64_t bindings;  ///< changes whenever an entry of `buffers` may have changed

    template <class T>
    T* as(int buffer) const {
        return static_cast<T*>(buffers[buffer]);
    }
};

/// A piece of a program: reads and writes buffers. Immutable; state of a workspace is passed in.
class Kernel {
public:
    virtual ~Kernel() = default;
    virtual std::unique_ptr<KernelState> make_state() const { return nullptr; }
    virtual int64_t scratch_bytes() const { return 0; }
    virtual void run(const Context& context, KernelState* state) const = 0;
    /// "matmul 32x100x100 + bias + relu".
    virtual std::string describe() const = 0;
};

}  // namespace ravine
