#pragma once

#include <cstddef>
#include <cstdint>

#include "ravine/exec/plan/kernel.hpp"

namespace ravine::tile {

// Loops over contiguous numbers, compiled for every vector width and chosen at run time (Highway).

/// What a tile instruction computes: the elementwise operations of the graph, and some that fusion joins from
/// several.
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
    square_multiply_add,    ///< a^2 b + c
    scaled_root_add,        ///< sqrt(a b) + c
    subtract_quotient,      ///< a - b / c
    multiply_by_step,       ///< a step(b)
};

/// An argument of a loop: as many numbers as the loop writes, or one number that stands `repeated_elements`
/// times.
struct Argument {
    enum Kind : uint8_t { floats, bfloats, repeated_float };
    const void* data;
    Kind kind;

    Argument(std::nullptr_t) : data(nullptr), kind(floats) {}
    Argument(const float* numbers) : data(numbers), kind(floats) {}
    Argument(const Bfloat16* numbers) : data(numbers), kind(bfloats) {}
    static Argument repeated(const float* number) {
        Argument argument(number);
        argument.kind = repeated_float;
        return argument;
    }
};
constexpr int64_t repeated_elements = 64;  ///< floats of the widest vector

/// Where a loop writes; as bfloat16 the nearest numbers, as narrow() does.
struct Result {
    void* data;
    bool is_narrow;

    Result(float* numbers) : data(numbers), is_narrow(false) {}
    Result(Bfloat16* numbers) : data(numbers), is_narrow(true) {}
};

/// out[i] = f(a[i], b[i], c[i]) for i < n; arguments that f does not take are ignored. out may be an argument
/// of the same type.
using Loop = void (*)(Argument a, Argument b, Argument c, Result out, size_t n);
Loop loop_of(Function function);

/// The sum of n floats in double.
double sum(const float* x, size_t n);
/// The sum of their squares in double.
double sum_of_squares(const float* x, size_t n);
/// The largest of n floats, NaN where one is NaN; n > 0.
float largest(const float* x, size_t n);
/// out[i] = x[i], exactly.
void widen(const Bfloat16* x, float* out, size_t n);
/// out[i] = the nearest bfloat16 to x[i], the even one of two; NaN stays NaN. Subnormal numbers become 0 on
/// processors that have an instruction for it.
void narrow(const float* x, Bfloat16* out, size_t n);
/// to[i] += x[i].
void accumulate(const float* x, float* to, size_t n);
/// to[i] = max(to[i], x[i]), NaN where one is NaN.
void accumulate_largest(const float* x, float* to, size_t n);

}  // namespace ravine::tile
