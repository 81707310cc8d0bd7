#pragma once

#include "ravine/core/values/parameters.hpp"
#include "ravine/core/values/saved_state.hpp"
#include "ravine/exec/plan/program.hpp"
#include "ravine/train/averages/averaging.hpp"

namespace ravine {

/// The running average of weights. One pass over memory an update, and no allocation.
class WeightAverage {
public:
    WeightAverage(Averaging averaging, int64_t size, CompileOptions options);

    /// The weights after one more update.
    void add(const Parameters& weights);
    /// Updates that have counted.
    int64_t count() const { return count_; }
    /// Their mean, with the layout of the weights; zeros where nothing has counted.
    const Vector& mean() const { return mean_; }
    SavedState state();

private:
    Averaging averaging_;
    Vector mean_;
    Workspace update_;
    int weights_, factor_;  // of update_
    int64_t count_ = 0;
};

}  // namespace ravine
