#include "ravine/core/precision.hpp"

#include "ravine/core/error.hpp"

namespace ravine {

std::string to_string(Precision precision) { return precision == Precision::f64 ? "f64" : "f32"; }

Precision parse_precision(const std::string& text) {
    if (text == "f64") return Precision::f64;
    if (text == "f32") return Precision::f32;
    if (text == "bf16") fail_request("precision: bf16 is not available in this version; expected f32 or f64");
    fail_request("precision: expected f32 or f64, found '{}'", text);
}

}  // namespace ravine
