#include "ravine/core/values/precision.hpp"

#include "ravine/core/error.hpp"

namespace ravine {

std::string to_string(Precision precision) {
    return precision == Precision::f64 ? "f64" : precision == Precision::f32 ? "f32" : "bf16";
}

Precision parse_precision(const std::string& text) {
    for (const auto precision : {Precision::f64, Precision::f32, Precision::bf16}) {
        if (text != to_string(precision)) continue;
        require_supported(precision);
        return precision;
    }
    fail_request("precision: expected f32, bf16 or f64, found '{}'", text);
}

void require_supported(Precision precision) {
#if defined(__x86_64__)
    const bool has_bfloat16 = __builtin_cpu_supports("avx512bf16");
#else
    const bool has_bfloat16 = false;
#endif
    if (precision == Precision::bf16 && !has_bfloat16)
        fail_request(
            "precision: bf16 needs a processor with bfloat16 instructions (AVX512_BF16), this one has none; "
            "f32 "
            "works everywhere");
}

}  // namespace ravine
