#pragma once

#include <memory>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/exec/cpu/fused/tile.hpp"
#include "ravine/exec/plan/kernel.hpp"

namespace ravine {

/// A straight-line program over the elements of one shape: what an elementwise chain with its reductions
/// becomes. Registers are numbered: the loads first, then one for each instruction.
struct FusedSpec {
    struct Load {
        enum Kind { buffer, scalar, constant } kind = buffer;
        int index = -1;     ///< of the buffer or the scalar
        double number = 0;  ///< of the constant
        Shape shape{};      ///< of the buffer; it broadcasts to the space
        Element element = Element::f32;

        bool operator==(const Load&) const = default;
    };
    struct Instruction {
        tile::Function function;
        int a, b, c;
    };
    struct Store {
        int value, buffer;  ///< register, buffer
        int alias = -1;     ///< the load register that reads the same memory, where there is one
        Element element = Element::f32;
    };
    struct Reduction {
        enum Kind { sum, sum_of_squares, maximum } kind;
        int value, buffer;
        Shape shape;  ///< of the result; it broadcasts to the space
    };

    Shape space;
    std::vector<Load> loads{};
    std::vector<Instruction> instructions{};
    std::vector<Store> stores{};
    std::vector<Reduction> reductions{};
};

/// A kernel that runs the program tile by tile: every buffer passes through the caches once, every
/// intermediate stays in the first-level cache.
std::unique_ptr<Kernel> make_fused(FusedSpec spec, int threads);

}  // namespace ravine
