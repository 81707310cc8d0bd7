#pragma once

#include <string>
#include <vector>

namespace ravine {

/// `count` values from low to high with equal ratios, rounded to three significant digits: "LOW:HIGH" with 0
/// < LOW < HIGH. Throws RequestError("--range: ...").
std::vector<std::string> log_grid(const std::string& range, int64_t count);

/// "a,b,c" taken apart.
std::vector<std::string> listed_values(const std::string& values);

}  // namespace ravine
