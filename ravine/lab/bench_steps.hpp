#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ravine/core/shape.hpp"
#include "ravine/core/spec.hpp"
#include "ravine/exec/program.hpp"

namespace ravine {

/// One training step that is timed: a model, its optimizer, and a batch of one shape. The data are random and
/// the same in every step.
struct StepWorkload {
    std::string name;
    Spec model;
    Shape feature_shape;
    int64_t classes;
    int64_t batch;
    Spec optimizer;
};

/// The workloads by name; bench/peers holds the same ones for other libraries.
const std::vector<StepWorkload>& step_workloads();

/// The workload of that name. Throws RequestError with the nearest name.
const StepWorkload& find_step_workload(const std::string& name);

/// Milliseconds of one step (forward, backward, update): the median over the steps of at least `seconds`, and
/// of at least three, after two to warm up.
double step_milliseconds(const StepWorkload& workload, CompileOptions options, double seconds);

}  // namespace ravine
