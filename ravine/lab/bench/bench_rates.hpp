#pragma once

#include <string>
#include <vector>

#include "ravine/lab/bench/bench_steps.hpp"

namespace ravine {

/// What something takes in multiples of something plain, measured in turn with it round by round.
struct RateCost {
    std::string name;            ///< "exact-newton, f'' at zero"
    std::string unit;            ///< "step" or "gradient"
    std::vector<double> ratios;  ///< of each round: median of its times over that of the unit's
    double milliseconds;         ///< the least of the rounds' medians
};

/// Steps of a workload whose rate is learned in multiples of the same step of plain gradient descent, and
/// curvature products at a point whose gradient was evaluated in multiples of that gradient. The rates hardly
/// move, so that all steps do the same work.
std::vector<RateCost> rate_costs(StepWorkload workload, CompileOptions options, int64_t rounds,
                                 double seconds);

}  // namespace ravine
