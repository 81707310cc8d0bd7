#pragma once

#include <array>
#include <cstdint>

#include "ravine/core/values/saved_state.hpp"
#include "ravine/core/values/vector.hpp"

namespace ravine {

/// When a rate that is learned counts as settled: the medians of the last three windows of updates, one
/// behind the other, lie within a factor of 1 + tolerance of each other. Medians, so that single wild rates
/// are nothing; three, so that a rate that wanders is not taken for one that stays. Ours.
struct Settling {
    int64_t window = 0;      ///< updates; 0: an epoch, but at least 20 and at most 1000
    double tolerance = 0.1;  ///< relative
};

/// What a learned rate has come to.
struct LearnedRate {
    double median;  ///< of the last `updates` rates, before any schedule: a constant rate to try; NaN: none
    int64_t updates;
    bool is_settled;
};

/// Watches a rate.
class RateWatch {
public:
    /// `per_epoch`: updates of an epoch; 0: not known.
    RateWatch(const Settling& settling, int64_t per_epoch);

    /// The rate of the next update. Allocates nothing.
    void note(double rate);
    LearnedRate found() const;
    SavedState state();

private:
    double median() const;

    int64_t window_;
    double tolerance_;
    Vector rates_;           // the last ones, in a ring
    mutable Vector sorted_;  // room for their median
    int64_t count_ = 0;      // so far
    std::array<double, 3> medians_;
};

}  // namespace ravine
