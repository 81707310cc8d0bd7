#pragma once

#include <limits>

namespace ravine {

/// What a number is that there is not: NaN.
inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace ravine
