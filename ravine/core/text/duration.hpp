#pragma once

#include <string>

namespace ravine {

/// A time for people, rounded to seconds or minutes: "9 s", "3 min 20 s", "2 h 5 min". Negative is 0 s.
std::string duration_text(double seconds);

}  // namespace ravine
