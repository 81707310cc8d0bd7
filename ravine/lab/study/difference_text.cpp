#include "ravine/lab/study/difference_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ravine {

std::string difference_text(double difference, NumberKind kind) {
    if (std::isnan(difference)) return "-";
    if (std::isinf(difference)) return difference > 0 ? "inf" : "-inf";
    return kind == NumberKind::share ? fmt::format("{:+.2f}", 100 * difference + 0.0)
                                     : fmt::format("{:+.3g}", difference + 0.0);
}

std::string interval_text(const Shift& shift, NumberKind kind) {
    return difference_text(shift.low, kind) + " to " + difference_text(shift.high, kind);
}

std::string shift_text(const Shift& shift, NumberKind kind) {
    if (shift.pairs == 0) return "no pairs";
    const std::string estimate =
        difference_text(shift.estimate, kind) + (kind == NumberKind::share ? " points" : "");
    if (!shift.has_interval())
        return fmt::format("{}, no interval from {} pair{}", estimate, shift.pairs,
                           shift.pairs == 1 ? "" : "s");
    return fmt::format("{}, 95 % {}", estimate, interval_text(shift, kind));
}

}  // namespace ravine
