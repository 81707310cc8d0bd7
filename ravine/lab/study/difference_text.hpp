#pragma once

#include <string>

#include "ravine/lab/statistics/paired.hpp"

namespace ravine {

/// How numbers of a measure are written: shares in percent, so that their differences are in points.
enum class NumberKind { plain, share };

/// "+0.33" points of a share, "-0.0123" of other numbers; "inf" where most pairs differ without end.
std::string difference_text(double difference, NumberKind kind);
/// "-0.17 to +0.67"; "-inf to inf" where there are too few pairs for any.
std::string interval_text(const Shift& shift, NumberKind kind);
/// "+0.33 points, 95 % -0.17 to +0.67"; "+0.0123, no interval from 3 pairs".
std::string shift_text(const Shift& shift, NumberKind kind);

}  // namespace ravine
