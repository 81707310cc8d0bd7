// Included once for every instruction set, as Highway's own -inl headers are: no include guard but this one.
#if defined(RAVINE_BFLOAT16_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef RAVINE_BFLOAT16_INL_HPP
#undef RAVINE_BFLOAT16_INL_HPP
#else
#define RAVINE_BFLOAT16_INL_HPP
#endif

#include <hwy/highway.h>

#include "ravine/exec/plan/kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace ravine::bfloat16::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Floats from the upper halves.
template <class D, class Half = hn::Rebind<uint16_t, D>>
HWY_INLINE hn::Vec<D> widened(D d, hn::Vec<Half> bits) {
    const hn::RebindToUnsigned<D> whole;
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(whole, bits)));
}

template <class D>
HWY_INLINE hn::Vec<D> Load(D d, const uint16_t* from) {
    const hn::Rebind<uint16_t, D> half;
    return widened(d, hn::LoadU(half, from));
}

/// The first n < Lanes(d), and zeros.
template <class D>
HWY_INLINE hn::Vec<D> LoadN(D d, const uint16_t* from, size_t n) {
    const hn::Rebind<uint16_t, D> half;
    return widened(d, hn::MaskedLoad(hn::FirstN(half, n), half, from));
}

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
/// Whether the processor rounds by an instruction.
inline const bool rounds_natively = __builtin_cpu_supports("avx512bf16");
#endif

/// Rounds to the nearest bfloat16, the even one of two: by an instruction, which makes 0 of subnormal
/// numbers, or by adding half of the last place to the bits, where the last bit kept is 0 a little less. NaN
/// would then overflow into infinity or zero.
template <class D>
HWY_INLINE hn::Vec<hn::Rebind<uint16_t, D>> narrowed(D, hn::Vec<D> x) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
    if constexpr (hn::MaxLanes(D()) == 16)
        if (HWY_LIKELY(rounds_natively)) {
            hn::Vec<hn::Rebind<uint16_t, D>> result;
            asm("vcvtneps2bf16 %1, %0" : "=v"(result.raw) : "v"(x.raw));  // Highway 1.0 does not know it
            return result;
        }
#endif
    const hn::RebindToUnsigned<D> whole;
    const hn::Rebind<uint16_t, D> half;
    const auto bits = hn::BitCast(whole, x);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(whole, 1u));
    const auto rounded = hn::Add(hn::Add(bits, hn::Set(whole, 0x7FFFu)), odd);
    const auto quiet = hn::Set(whole, 0x7FC00000u);
    const auto chosen = hn::IfThenElse(hn::RebindMask(whole, hn::IsNaN(x)), quiet, rounded);
    return hn::TruncateTo(half, hn::ShiftRight<16>(chosen));
}

template <class D>
HWY_INLINE void Store(D d, hn::Vec<D> x, uint16_t* to) {
    const hn::Rebind<uint16_t, D> half;
    hn::StoreU(narrowed(d, x), half, to);
}

/// The first n < Lanes(d).
template <class D>
HWY_INLINE void StoreN(D d, hn::Vec<D> x, uint16_t* to, size_t n) {
    const hn::Rebind<uint16_t, D> half;
    hn::BlendedStore(narrowed(d, x), hn::FirstN(half, n), half, to);
}

// Floats from and to numbers of either type, the first n of a vector, all of it where n is its width.

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE V load(const float* from, size_t n) {
    const D d;
    return n == hn::Lanes(d) ? hn::LoadU(d, from) : hn::MaskedLoad(hn::FirstN(d, n), d, from);
}

HWY_INLINE V load(const Bfloat16* from, size_t n) {
    const D d;
    const auto* bits = reinterpret_cast<const uint16_t*>(from);
    return n == hn::Lanes(d) ? Load(d, bits) : LoadN(d, bits, n);
}

HWY_INLINE void store(V x, float* to, size_t n) {
    const D d;
    n == hn::Lanes(d) ? hn::StoreU(x, d, to) : hn::BlendedStore(x, hn::FirstN(d, n), d, to);
}

HWY_INLINE void store(V x, Bfloat16* to, size_t n) {
    const D d;
    auto* bits = reinterpret_cast<uint16_t*>(to);
    n == hn::Lanes(d) ? Store(d, x, bits) : StoreN(d, x, bits, n);
}

/// The lanes of a vector, known when the code is compiled: its loads and stores take no mask.
struct AllLanes {
    HWY_INLINE operator size_t() const { return hn::Lanes(D()); }
};

/// Calls body(c, n) for the channels c ... c + n - 1 that a vector holds.
template <class Body>
HWY_INLINE void by_vectors(int64_t channels, Body body) {
    const auto width = static_cast<int64_t>(hn::Lanes(D()));
    int64_t c = 0;
    for (; c + width <= channels; c += width) body(c, AllLanes());
    if (c < channels) body(c, static_cast<size_t>(channels - c));
}

}  // namespace ravine::bfloat16::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
