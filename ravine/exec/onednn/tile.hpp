#pragma once

#include <cstddef>
#include <cstdint>

namespace ravine::tile {

// Loops over contiguous floats, compiled for every vector width and chosen at run time (Highway).

/// What a tile instruction computes: the elementwise operations of the graph, and two that fusion adds.
enum class Function : uint8_t {
    copy,
    negate,
    exp,
    log,
    sqrt,
    reciprocal,
    square,
    abs,
    sign,
    step,
    relu,
    tanh,
    sigmoid,
    softplus,
    sin,
    cos,
    add,
    subtract,
    multiply,
    divide,
    maximum,
    minimum,
    greater,
    equal,
    select,
    multiply_add,           ///< a b + c
    negative_multiply_add,  ///< c - a b
};

/// out[i] = f(a[i], b[i], c[i]) for i < n; arguments that f does not take are ignored. out may equal an
/// argument.
using Loop = void (*)(const float* a, const float* b, const float* c, float* out, size_t n);
Loop loop_of(Function function);

/// The sum of n floats in double.
double sum(const float* x, size_t n);
/// The largest of n floats, NaN where one is NaN; n > 0.
float largest(const float* x, size_t n);
/// to[i] += x[i].
void accumulate(const float* x, float* to, size_t n);
/// to[i] = max(to[i], x[i]), NaN where one is NaN.
void accumulate_largest(const float* x, float* to, size_t n);

}  // namespace ravine::tile
