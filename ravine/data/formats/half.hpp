#pragma once

#include <bit>
#include <cstdint>

namespace ravine {

/// IEEE 754 binary16 to binary32; exact.
inline float widen_half(uint16_t half) {
    const uint32_t sign = uint32_t{half & 0x8000U} << 16, exponent = half >> 10 & 0x1FU,
                   fraction = half & 0x3FFU;
    if (exponent == 0) {  // zero or subnormal: fraction 2^-24
        const float size = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -size : size;
    }
    const uint32_t widened = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

}  // namespace ravine
