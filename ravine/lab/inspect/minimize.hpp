#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ravine/core/settings/spec.hpp"
#include "ravine/optim/functions/functions.hpp"

namespace ravine {

/// A test function, and the optimizers that race on it from one start.
struct MinimizeOptions {
    Spec function;
    std::vector<Spec> optimizers;
    std::string schedule = "constant";  ///< as make_schedule() reads it
    Spec clipping{"none", {}};
    std::vector<double> start = {};  ///< empty: the function's usual one
    int64_t steps = 100;
};

/// The way of one optimizer in double precision: row k is where it stood after k steps. The rows end before
/// the first one whose value or gradient is not finite.
struct Trace {
    std::string optimizer;
    int64_t dimension = 0;
    std::vector<double> points = {};  ///< row after row
    std::vector<double> values = {}, gradient_norms = {};
    int64_t evaluations = 0;                  ///< of the function by the optimizer, gradients with them
    std::optional<int64_t> diverged_at = {};  ///< the step whose value or gradient is not finite
    bool was_interrupted = false;

    double coordinate(int64_t row, int64_t i) const {
        return points[static_cast<size_t>(row * dimension + i)];
    }
    int64_t rows() const { return static_cast<int64_t>(values.size()); }
};

/// The function of the options. Throws RequestError for an unknown name, a bad setting, or a start of another
/// dimension.
Function function_of(const MinimizeOptions& options);

/// Runs every optimizer. Throws RequestError for unknown names and bad settings. Ctrl-C ends the run in hand.
std::vector<Trace> minimize(const MinimizeOptions& options);

/// From the last row to the nearest known minimum; nothing where there is none.
std::optional<double> distance_to_minimum(const Function& function, const Trace& trace);

/// The traces as CSV, `step,x0,x1,...,f,grad_norm` with 17 significant digits, which read back to the same
/// numbers. With several traces a first column `optimizer` tells them apart.
void write_traces(const std::filesystem::path& path, const std::vector<Trace>& traces);

/// The paths over the contours of a function of two variables.
void plot_traces(const std::filesystem::path& path, const Function& function,
                 const std::vector<Trace>& traces);

}  // namespace ravine
