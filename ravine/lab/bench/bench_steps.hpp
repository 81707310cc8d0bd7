#pragma once

#include "ravine/lab/bench/step_workload.hpp"

namespace ravine {

/// Milliseconds of one step (forward, backward, update): the median over the steps of at least `seconds`, and
/// of at least three, after two to warm up.
double step_milliseconds(const StepWorkload& workload, CompileOptions options, double seconds);

}  // namespace ravine
