#include "ravine/exec/cpu/fused/tile.hpp"

#include <algorithm>
#include <array>
#include <cmath>

// Highway includes this file once for every instruction set; the order of its headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ravine/exec/cpu/fused/tile.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
#include "ravine/exec/cpu/dnnl/bfloat16-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace ravine::tile::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace bf = bfloat16::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr size_t block_vectors = 4;  // whose types are asked about once

HWY_INLINE bool is_narrow(Argument argument) { return argument.kind == Argument::bfloats; }

/// The numbers of an argument from i on, `count` of each vector.
template <size_t vectors>
HWY_INLINE void load_vectors(Argument from, size_t i, size_t count, std::array<V, vectors>& x) {
    const size_t width = hn::Lanes(D());
    if (is_narrow(from)) {
        for (size_t k = 0; k < vectors; ++k)
            x[k] = bf::load(static_cast<const Bfloat16*>(from.data) + i + k * width, count);
    } else {
        const auto* numbers = static_cast<const float*>(from.data) + (from.kind == Argument::floats ? i : 0);
        const size_t step = from.kind == Argument::floats ? width : 0;
        for (size_t k = 0; k < vectors; ++k) x[k] = bf::load(numbers + k * step, count);
    }
}

/// f of some vectors of arguments of any type, `count` numbers of each.
template <int arguments, size_t vectors, class F>
HWY_INLINE void map_vectors(Argument a, Argument b, Argument c, Result out, size_t i, size_t count, F f) {
    const D d;
    const size_t width = hn::Lanes(d);
    std::array<V, vectors> x, y, z;
    load_vectors(a, i, count, x);
    y = x, z = x;
    if constexpr (arguments > 1) load_vectors(b, i, count, y);
    if constexpr (arguments > 2) load_vectors(c, i, count, z);
    for (size_t k = 0; k < vectors; ++k) x[k] = f(d, x[k], y[k], z[k]);
    if (out.is_narrow)
        for (size_t k = 0; k < vectors; ++k)
            bf::store(x[k], static_cast<Bfloat16*>(out.data) + i + k * width, count);
    else
        for (size_t k = 0; k < vectors; ++k)
            bf::store(x[k], static_cast<float*>(out.data) + i + k * width, count);
}

/// Applies f to vectors of up to three arguments, the last one partial.
template <int arguments, class F>
HWY_INLINE void map(Argument a, Argument b, Argument c, Result out, size_t n, F f) {
    const D d;
    const size_t width = hn::Lanes(d), block = block_vectors * width;
    size_t i = 0;
    if (out.is_narrow || is_narrow(a) || (arguments > 1 && is_narrow(b)) || (arguments > 2 && is_narrow(c))) {
        for (; i + block <= n; i += block) map_vectors<arguments, block_vectors>(a, b, c, out, i, width, f);
    } else {
        const auto mask = [](Argument argument) {
            return argument.kind == Argument::floats ? ~size_t{0} : size_t{0};
        };
        const auto at = [](Argument argument, size_t index) {
            return static_cast<const float*>(argument.data) + index;
        };
        const size_t mask_a = mask(a), mask_b = mask(b), mask_c = mask(c);
        auto* to = static_cast<float*>(out.data);
        for (; i + width <= n; i += width) {
            const V x = hn::LoadU(d, at(a, i & mask_a));
            const V y = arguments > 1 ? hn::LoadU(d, at(b, i & mask_b)) : x;
            const V z = arguments > 2 ? hn::LoadU(d, at(c, i & mask_c)) : x;
            hn::StoreU(f(d, x, y, z), d, to + i);
        }
    }
    for (; i < n; i += width) map_vectors<arguments, 1>(a, b, c, out, i, std::min(width, n - i), f);
}

HWY_INLINE V one(D d) { return hn::Set(d, 1.0f); }

HWY_INLINE V infinity(D d) { return hn::Set(d, __builtin_huge_valf()); }

/// exp with the ends that Highway leaves open: infinity above the range, NaN for NaN.
HWY_INLINE V full_exp(D d, V x) {
    const V y = hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.72283f)), infinity(d),
                               hn::Exp(d, hn::Min(x, hn::Set(d, 88.72283f))));
    return hn::IfThenElse(hn::IsNaN(x), x, y);
}

/// log with its ends: -infinity at 0, NaN below, infinity at infinity.
HWY_INLINE V full_log(D d, V x) {
    V y = hn::Log(d, x);
    y = hn::IfThenElse(hn::Eq(x, infinity(d)), x, y);
    y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity(d)), y);
    return hn::IfThenElse(hn::Or(hn::Lt(x, hn::Zero(d)), hn::IsNaN(x)), hn::NaN(d), y);
}

HWY_INLINE V sigmoid_of(D d, V x) { return hn::Div(one(d), hn::Add(one(d), full_exp(d, hn::Neg(x)))); }

/// y = sin x or cos x by Highway where it holds, up to 39000; beyond, and for NaN, lane by lane.
HWY_INLINE V anywhere(D d, V x, V y, float (*function)(float)) {
    if (HWY_LIKELY(hn::AllTrue(d, hn::Le(hn::Abs(x), hn::Set(d, 39000.0f))))) return y;
    HWY_ALIGN float lanes[hn::MaxLanes(d)];
    hn::Store(x, d, lanes);
    for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = function(lanes[i]);
    return hn::Load(d, lanes);
}

/// Whether all lanes lie where approximations neither overflow nor lose bits.
HWY_INLINE bool is_ordinary(D d, V x) {
    const V size = hn::Abs(x);
    return hn::AllTrue(d, hn::And(hn::Gt(size, hn::Set(d, 1e-30f)), hn::Lt(size, hn::Set(d, 1e30f))));
}

/// sqrt(x) to about 2 units in the last place: an estimate of 1 / sqrt(x) and a step of Newton's method. With
/// the quotient below it takes up to a tenth off an update of Adam, whose exact root and quotient share one
/// slow divider.
HWY_INLINE V fast_sqrt(D d, V x) {
    if (HWY_UNLIKELY(!is_ordinary(d, x))) return hn::Sqrt(x);
    const V y = hn::ApproximateReciprocalSqrt(x);
    const V error = hn::NegMulAdd(hn::Mul(x, y), y, one(d));  // 1 - x y^2
    return hn::Mul(x, hn::MulAdd(hn::Mul(y, hn::Set(d, 0.5f)), error, y));
}

/// y / z to about 1 unit in the last place, in the same way.
HWY_INLINE V fast_quotient(D d, V y, V z) {
    if (HWY_UNLIKELY(!is_ordinary(d, z))) return hn::Div(y, z);
    const V estimate = hn::ApproximateReciprocal(z);
    const V r = hn::MulAdd(estimate, hn::NegMulAdd(z, estimate, one(d)), estimate);
    const V q = hn::Mul(y, r);
    return hn::MulAdd(r, hn::NegMulAdd(z, q, y), q);
}

HWY_INLINE V mask_to_one(D d, hn::Mask<D> mask) { return hn::IfThenElseZero(mask, one(d)); }

#define RAVINE_LOOP(name, arguments, expression)                          \
    void name(Argument a, Argument b, Argument c, Result out, size_t n) { \
        map<arguments>(a, b, c, out, n, [](D d, V x, V y, V z) HWY_ATTR { \
            (void)d, (void)x, (void)y, (void)z;                           \
            return expression;                                            \
        });                                                               \
    }

RAVINE_LOOP(Copy, 1, x)
RAVINE_LOOP(Negate, 1, hn::Neg(x))
RAVINE_LOOP(Exp, 1, full_exp(d, x))
RAVINE_LOOP(Log, 1, full_log(d, x))
RAVINE_LOOP(Sqrt, 1, hn::Sqrt(x))
RAVINE_LOOP(Reciprocal, 1, hn::Div(one(d), x))
RAVINE_LOOP(Square, 1, hn::Mul(x, x))
RAVINE_LOOP(Abs, 1, hn::Abs(x))
RAVINE_LOOP(Sign, 1, hn::Sub(mask_to_one(d, hn::Gt(x, hn::Zero(d))), mask_to_one(d, hn::Lt(x, hn::Zero(d)))))
RAVINE_LOOP(Step, 1, mask_to_one(d, hn::Gt(x, hn::Zero(d))))
// NaN passes here and through maximum and minimum: a diverged activation must not look like a dead unit.
RAVINE_LOOP(Relu, 1, hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x))
RAVINE_LOOP(Tanh, 1, hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x)))
RAVINE_LOOP(Sigmoid, 1, sigmoid_of(d, x))
RAVINE_LOOP(Softplus, 1,
            hn::Add(hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x),
                    hn::Log1p(d, full_exp(d, hn::Neg(hn::Abs(x))))))
RAVINE_LOOP(Sin, 1, anywhere(d, x, hn::Sin(d, x), std::sin))
RAVINE_LOOP(Cos, 1, anywhere(d, x, hn::Cos(d, x), std::cos))
RAVINE_LOOP(Add, 2, hn::Add(x, y))
RAVINE_LOOP(Subtract, 2, hn::Sub(x, y))
RAVINE_LOOP(Multiply, 2, hn::Mul(x, y))
RAVINE_LOOP(Divide, 2, hn::Div(x, y))
RAVINE_LOOP(Maximum, 2, hn::IfThenElse(hn::Or(hn::Lt(x, y), hn::IsNaN(y)), y, x))
RAVINE_LOOP(Minimum, 2, hn::IfThenElse(hn::Or(hn::Lt(y, x), hn::IsNaN(y)), y, x))
RAVINE_LOOP(Greater, 2, mask_to_one(d, hn::Gt(x, y)))
RAVINE_LOOP(Equal, 2, mask_to_one(d, hn::Eq(x, y)))
RAVINE_LOOP(Select, 3, hn::IfThenElse(hn::Eq(x, hn::Zero(d)), z, y))
RAVINE_LOOP(MultiplyAdd, 3, hn::MulAdd(x, y, z))
RAVINE_LOOP(NegativeMultiplyAdd, 3, hn::NegMulAdd(x, y, z))
RAVINE_LOOP(SquareMultiplyAdd, 3, hn::MulAdd(hn::Mul(x, x), y, z))
RAVINE_LOOP(ScaledRootAdd, 3, hn::Add(fast_sqrt(d, hn::Mul(x, y)), z))
RAVINE_LOOP(SubtractQuotient, 3, hn::Sub(x, fast_quotient(d, y, z)))
// A product, not a choice: what is not a number shows behind a closed ReLU too.
RAVINE_LOOP(MultiplyByStep, 2, hn::Mul(x, mask_to_one(d, hn::Gt(y, hn::Zero(d)))))

#undef RAVINE_LOOP

/// The sum of f(x) over n floats, in double.
template <class F>
HWY_INLINE double total(const float* x, size_t n, F f) {
    const hn::ScalableTag<double> d;
    const hn::Rebind<float, decltype(d)> half;
    const size_t width = hn::Lanes(d);
    auto first = hn::Zero(d), second = hn::Zero(d);
    size_t i = 0;
    for (; i + 2 * width <= n; i += 2 * width) {
        first = hn::Add(first, f(hn::PromoteTo(d, hn::LoadU(half, x + i))));
        second = hn::Add(second, f(hn::PromoteTo(d, hn::LoadU(half, x + i + width))));
    }
    double result = hn::GetLane(hn::SumOfLanes(d, hn::Add(first, second)));
    for (; i < n; ++i) result += hn::GetLane(f(hn::Set(d, static_cast<double>(x[i]))));
    return result;
}

double Sum(const float* x, size_t n) {
    return total(x, n, [](auto v) HWY_ATTR { return v; });
}

double SumOfSquares(const float* x, size_t n) {
    return total(x, n, [](auto v) HWY_ATTR { return hn::Mul(v, v); });
}

float Largest(const float* x, size_t n) {
    float result = x[0];
    for (size_t i = 1; i < n; ++i) result = x[i] > result || x[i] != x[i] ? x[i] : result;
    return result;
}

void Widen(const Bfloat16* from, float* out, size_t n) {
    const auto* x = reinterpret_cast<const uint16_t*>(from);
    const D d;
    const size_t width = hn::Lanes(d);
    size_t i = 0;
    for (; i + width <= n; i += width) hn::StoreU(bf::Load(d, x + i), d, out + i);
    if (i < n) hn::BlendedStore(bf::LoadN(d, x + i, n - i), hn::FirstN(d, n - i), d, out + i);
}

void Narrow(const float* x, Bfloat16* to, size_t n) {
    auto* out = reinterpret_cast<uint16_t*>(to);
    const D d;
    const size_t width = hn::Lanes(d);
    size_t i = 0;
    for (; i + width <= n; i += width) bf::Store(d, hn::LoadU(d, x + i), out + i);
    if (i < n) bf::StoreN(d, hn::MaskedLoad(hn::FirstN(d, n - i), d, x + i), out + i, n - i);
}

void Accumulate(const float* x, float* to, size_t n) { Add(to, x, nullptr, to, n); }

void AccumulateLargest(const float* x, float* to, size_t n) {
    map<2>(x, to, nullptr, to, n,
           [](D, V a, V b, V) HWY_ATTR { return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b); });
}

}  // namespace ravine::tile::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ravine::tile {

// The loops in the order of the enumeration. clang-format 14 breaks this list differently each time.
// clang-format off
#define RAVINE_EXPORTS(X)                                                                               \
    X(Copy) X(Negate) X(Exp) X(Log) X(Sqrt) X(Reciprocal) X(Square) X(Abs) X(Sign) X(Step) X(Relu)      \
    X(Tanh) X(Sigmoid) X(Softplus) X(Sin) X(Cos) X(Add) X(Subtract) X(Multiply) X(Divide) X(Maximum)    \
    X(Minimum) X(Greater) X(Equal) X(Select) X(MultiplyAdd) X(NegativeMultiplyAdd)                      \
    X(SquareMultiplyAdd) X(ScaledRootAdd) X(SubtractQuotient) X(MultiplyByStep)
// clang-format on

#define RAVINE_EXPORT(name) HWY_EXPORT(name);
RAVINE_EXPORTS(RAVINE_EXPORT)
HWY_EXPORT(Sum);
HWY_EXPORT(SumOfSquares);
HWY_EXPORT(Largest);
HWY_EXPORT(Widen);
HWY_EXPORT(Narrow);
HWY_EXPORT(Accumulate);
HWY_EXPORT(AccumulateLargest);

Loop loop_of(Function function) {
    // The target is chosen before the first address is taken: before that every address is that of the
    // chooser.
    static const bool chosen = (hwy::GetChosenTarget().Update(hwy::SupportedTargets()), true);
    (void)chosen;
    // In the order of the enumeration.
#define RAVINE_POINTER(name) &HWY_DYNAMIC_DISPATCH(name),
    static const Loop loops[] = {RAVINE_EXPORTS(RAVINE_POINTER)};
    static_assert(std::size(loops) == static_cast<size_t>(Function::multiply_by_step) + 1);
    return loops[static_cast<size_t>(function)];
}

double sum(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(Sum)(x, n); }

double sum_of_squares(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(SumOfSquares)(x, n); }

float largest(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(Largest)(x, n); }

void widen(const Bfloat16* x, float* out, size_t n) { HWY_DYNAMIC_DISPATCH(Widen)(x, out, n); }

void narrow(const float* x, Bfloat16* out, size_t n) { HWY_DYNAMIC_DISPATCH(Narrow)(x, out, n); }

void accumulate(const float* x, float* to, size_t n) { HWY_DYNAMIC_DISPATCH(Accumulate)(x, to, n); }

void accumulate_largest(const float* x, float* to, size_t n) {
    HWY_DYNAMIC_DISPATCH(AccumulateLargest)(x, to, n);
}

}  // namespace ravine::tile
#endif  // HWY_ONCE
