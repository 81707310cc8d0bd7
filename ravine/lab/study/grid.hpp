#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ravine {

/// `count` values from low to high with equal ratios, rounded to three significant digits: "LOW:HIGH" with 0
/// < LOW < HIGH. Throws RequestError("--range: ...").
std::vector<std::string> log_grid(const std::string& range, int64_t count);

/// `count` values drawn from "LOW:HIGH", uniformly in the logarithm and in ascending order, rounded to three
/// significant digits; the same ones for the same seed, and with a larger count those of a smaller one among
/// them. Throws as log_grid() does.
std::vector<std::string> random_values(const std::string& range, int64_t count, uint64_t seed);

/// "a,b,c" taken apart.
std::vector<std::string> listed_values(const std::string& values);

}  // namespace ravine
