#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ravine {

/// What it cost one contender to reach the target, by seed; a seed at which it missed it has no entry.
using CostBySeed = std::map<int64_t, double>;

/// The performance ratios of each contender, ascending (Dolan and Moré 2002): at each seed that it solved,
/// its cost over the smallest cost of any contender at that seed. The share of a contender's seeds within a
/// factor tau of the best is the number of its ratios <= tau over the number of all seeds.
std::vector<std::vector<double>> performance_ratios(const std::vector<CostBySeed>& costs);

}  // namespace ravine
