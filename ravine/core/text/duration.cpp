#include "ravine/core/text/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace ravine {

std::string duration_text(double seconds) {
    const auto s = static_cast<int64_t>(std::lround(std::max(seconds, 0.0)));
    if (s < 60) return fmt::format("{} s", s);
    if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
    return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

}  // namespace ravine
