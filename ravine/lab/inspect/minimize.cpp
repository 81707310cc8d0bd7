#include "ravine/lab/inspect/minimize.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/lab/draw/plot.hpp"
#include "ravine/optim/optimizers.hpp"

namespace ravine {
namespace {

constexpr CompileOptions in_double{.precision = Precision::f64, .threads = 1};

double norm(const Vector& v) {
    double squares = 0;
    for (const double x : v.as<double>()) squares += x * x;
    return std::sqrt(squares);
}

/// Appends the parameters as a row, or notes that they, the value or the gradient are not finite.
void record(Trace& trace, GraphObjective& probe, const Parameters& at, Vector& gradient) {
    const double value = probe.value_and_gradient(at, gradient);
    const double gradient_norm = norm(gradient);
    if (!std::isfinite(value) || !std::isfinite(gradient_norm)) {
        trace.diverged_at = trace.rows();
        return;
    }
    const auto x = at.values().as<double>();
    trace.points.insert(trace.points.end(), x.begin(), x.end());
    trace.values.push_back(value);
    trace.gradient_norms.push_back(gradient_norm);
}

Parameters start_of(const Function& function, const MinimizeOptions& options) {
    Parameters start = function.starting_point(Precision::f64);
    if (!options.start.empty()) *start.write() = Vector(options.start, Precision::f64);
    return start;
}

std::unique_ptr<Optimizer> optimizer_of(const Spec& spec, const MinimizeOptions& options,
                                        const Function& function) {
    return optimizers().make(spec)({.schedule = make_schedule(options.schedule),
                                    .run_length = {.total = options.steps},
                                    .clipping = make_clipping(options.clipping)},
                                   function.layout(), in_double);
}

Trace run(const Spec& spec, const MinimizeOptions& options, const Function& function) {
    Trace trace{.optimizer = spec.text(), .dimension = function.dimension};
    const auto optimizer = optimizer_of(spec, options, function);
    Parameters at = start_of(function, options);
    // The gradient of a look-ahead rule is taken elsewhere than where it stands, and what the trace shows is
    // not what the optimizer needed: so the trace has an objective of its own.
    GraphObjective objective = function.objective(in_double), probe = function.objective(in_double);
    Vector gradient(function.dimension, Precision::f64);
    record(trace, probe, at, gradient);
    for (int64_t step = 0; step < options.steps && !trace.diverged_at; ++step) {
        if (interrupted()) {
            trace.was_interrupted = true;
            break;
        }
        const StepReport report = optimizer->step(objective, at);
        if (report.outcome == StepOutcome::converged) break;
        if (report.outcome == StepOutcome::not_finite)
            trace.diverged_at = trace.rows();
        else
            record(trace, probe, at, gradient);
    }
    trace.evaluations = objective.work().forward_passes;
    return trace;
}

std::string csv_field(const std::string& text) {
    return text.find(',') == std::string::npos ? text : "\"" + text + "\"";
}

void append_rows(fmt::memory_buffer& csv, const Trace& trace, const std::string& first_field) {
    for (int64_t row = 0; row < trace.rows(); ++row) {
        const auto k = static_cast<size_t>(row);
        fmt::format_to(fmt::appender(csv), "{}{}", first_field, row);
        for (int64_t i = 0; i < trace.dimension; ++i)
            fmt::format_to(fmt::appender(csv), ",{:.17g}", trace.coordinate(row, i));
        fmt::format_to(fmt::appender(csv), ",{:.17g},{:.17g}\n", trace.values[k], trace.gradient_norms[k]);
    }
}

/// The usual range of the function, widened to hold the paths, though not beyond three times its width: one
/// wild step would leave nothing else to see.
Interval range_of(const Function& function, const std::vector<Trace>& traces, int64_t axis) {
    const double width = function.high - function.low;
    Interval range{function.low, function.high};
    for (const auto& trace : traces) {
        for (int64_t row = 0; row < trace.rows(); ++row) {
            const double x =
                std::clamp(trace.coordinate(row, axis), function.low - width, function.high + width);
            range.low = std::min(range.low, x);
            range.high = std::max(range.high, x);
        }
    }
    if (range.low < function.low) range.low -= 0.05 * width;
    if (range.high > function.high) range.high += 0.05 * width;
    return range;
}

std::vector<double> values_on(const PlotGrid& grid, const Function& function) {
    GraphObjective objective = function.objective(in_double);
    Parameters at = function.starting_point(Precision::f64);
    std::vector<double> values;
    for (int64_t row = 0; row < grid.rows; ++row) {
        for (int64_t column = 0; column < grid.columns; ++column) {
            at.write()->assign(Vector(std::vector{grid.x_of(column), grid.y_of(row)}, Precision::f64));
            values.push_back(objective.value(at));
        }
    }
    return values;
}

}  // namespace

Function function_of(const MinimizeOptions& options) {
    Function function = functions().make(options.function);
    const auto given = static_cast<int64_t>(options.start.size());
    if (given != 0 && given != function.dimension)
        fail_request("--start: expected {} number{}, one for each variable of {}, found {}",
                     function.dimension, function.dimension == 1 ? "" : "s", options.function.text(), given);
    return function;
}

std::vector<Trace> minimize(const MinimizeOptions& options) {
    const Function function = function_of(options);
    for (const auto& spec : options.optimizers)  // every name is checked before the first run
        optimizer_of(spec, options, function);
    const InterruptGuard guard;
    std::vector<Trace> traces;
    for (const auto& spec : options.optimizers) {
        traces.push_back(run(spec, options, function));
        if (traces.back().was_interrupted) break;
    }
    return traces;
}

std::optional<double> distance_to_minimum(const Function& function, const Trace& trace) {
    std::optional<double> nearest;
    if (trace.rows() == 0) return nearest;
    for (const auto& minimum : function.minima) {
        double squares = 0;
        for (int64_t i = 0; i < function.dimension; ++i)
            squares += std::pow(trace.coordinate(trace.rows() - 1, i) - minimum[static_cast<size_t>(i)], 2);
        nearest = std::min(nearest.value_or(std::sqrt(squares)), std::sqrt(squares));
    }
    return nearest;
}

void write_traces(const std::filesystem::path& path, const std::vector<Trace>& traces) {
    require(!traces.empty(), "no traces to write");
    const bool several = traces.size() > 1;
    fmt::memory_buffer csv;
    fmt::format_to(fmt::appender(csv), "{}step", several ? "optimizer," : "");
    for (int64_t i = 0; i < traces[0].dimension; ++i) fmt::format_to(fmt::appender(csv), ",x{}", i);
    fmt::format_to(fmt::appender(csv), ",f,grad_norm\n");
    for (const auto& trace : traces) append_rows(csv, trace, several ? csv_field(trace.optimizer) + "," : "");
    write_file_atomically(path, std::string_view(csv.data(), csv.size()));
}

void plot_traces(const std::filesystem::path& path, const Function& function,
                 const std::vector<Trace>& traces) {
    if (function.dimension != 2)
        fail_request("--plot: expected a function of 2 variables; this one has {}", function.dimension);
    ContourPaths plot{.title = "Minimising " + function.name,
                      .grid = {range_of(function, traces, 0), range_of(function, traces, 1), 220, 220},
                      .values = {},
                      .paths = {}};
    plot.values = values_on(plot.grid, function);
    for (const auto& trace : traces) {
        Series path_of{.name = trace.optimizer};
        for (int64_t row = 0; row < trace.rows(); ++row) {
            path_of.x.push_back(trace.coordinate(row, 0));
            path_of.y.push_back(trace.coordinate(row, 1));
        }
        if (trace.rows() > 0) plot.starts = {{path_of.x[0], path_of.y[0]}};
        plot.paths.push_back(std::move(path_of));
    }
    for (const auto& minimum : function.minima) plot.minima.push_back({minimum[0], minimum[1]});
    write_contour_paths(path, plot);
}

}  // namespace ravine
