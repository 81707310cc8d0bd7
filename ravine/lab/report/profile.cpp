#include "ravine/lab/report/profile.hpp"

#include <algorithm>

namespace ravine {

std::vector<std::vector<double>> performance_ratios(const std::vector<CostBySeed>& costs) {
    CostBySeed best;
    for (const auto& contender : costs)
        for (const auto& [seed, cost] : contender) {
            const auto [at, is_new] = best.try_emplace(seed, cost);
            if (!is_new) at->second = std::min(at->second, cost);
        }
    std::vector<std::vector<double>> ratios;
    for (const auto& contender : costs) {
        std::vector<double>& own = ratios.emplace_back();
        for (const auto& [seed, cost] : contender) {
            const double least = best.at(seed);
            own.push_back(cost == least ? 1 : cost / least);  // 0 / 0 is the best, too
        }
        std::ranges::sort(own);
    }
    return ratios;
}

}  // namespace ravine
