#pragma once

#include <vector>

#include "ravine/exec/cpu/fused/fused.hpp"
#include "ravine/exec/cpu/fused/walk.hpp"

namespace ravine {

/// The reductions of a fused program. Each part of the space has accumulators of its own: in double for a
/// scalar, else in float, and in the result itself where there is one part.
class FusedReductions {
public:
    /// `period` is that of the program's layout.
    FusedReductions(const FusedSpec& spec, int64_t period);

    /// Memory that a part needs.
    int64_t bytes() const { return bytes_; }

    /// A part of a run: its memory, and whether it is the only one.
    struct Part {
        std::byte* memory;
        bool is_alone;
    };
    void start(const Context& context, Part part) const;
    /// Takes the elements [begin, begin + length) of the space into reduction i, x being its value there.
    void add(const Context& context, Part part, size_t i, int64_t begin, int64_t length,
             const float* x) const;
    /// Joins the parts, whose memories lie one after another.
    void finish(const Context& context, std::byte* memory, int64_t parts) const;

private:
    struct Reduction {
        FusedSpec::Reduction spec;
        Walk walk;
        /// Rows that the accumulator holds side by side: short rows one by one would waste the vectors.
        int64_t rows;
        int64_t offset;  ///< of the accumulator in a part's memory

        int64_t count() const { return element_count(spec.shape); }
        bool sums() const { return spec.kind != FusedSpec::Reduction::maximum; }
    };

    static float* accumulator(const Context& context, Part part, const Reduction& reduction);

    std::vector<Reduction> reductions_;
    int64_t bytes_ = 0;
};

}  // namespace ravine
