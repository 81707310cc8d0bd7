#include "ravine/lab/inspect/minimize.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/lab/draw/gnuplot.hpp"
#include "ravine/lab/names/text_table.hpp"
#include "ravine/optim/rates/schedules.hpp"

namespace ravine::cli {
namespace {

struct MinimizeRequest {
    std::string function, schedule = "constant", clip = "none", start, trace, plot;
    std::vector<std::string> optimizers{"sgd"};
    int64_t steps = 100;
};

std::vector<double> parse_point(const std::string& text) {
    std::vector<double> point;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        point.push_back(parse_number("--start", text.substr(begin, end - begin), any_number));
        begin = end + 1;
    }
    return point;
}

MinimizeOptions options_of(const MinimizeRequest& request) {
    MinimizeOptions options{.function = Spec::parse(request.function),
                            .optimizers = {},
                            .schedule = request.schedule,
                            .clipping = Spec::parse(request.clip),
                            .steps = request.steps};
    for (const auto& optimizer : request.optimizers) options.optimizers.push_back(Spec::parse(optimizer));
    if (!request.start.empty()) options.start = parse_point(request.start);
    return options;
}

void print_results(const Function& function, const std::vector<Trace>& traces) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& trace : traces) {
        const auto distance = distance_to_minimum(function, trace);
        rows.push_back({trace.optimizer, trace.rows() == 0 ? "-" : fmt::format("{:.6g}", trace.values.back()),
                        distance ? fmt::format("{:.6g}", *distance) : "-",
                        std::to_string(trace.evaluations)});
    }
    fmt::print("{}", text_table({"optimizer", "f", "distance to minimum", "evaluations"}, rows));
}

void fail_for_unfinished(const Function& function, const std::vector<Trace>& traces) {
    std::string diverged;
    for (const auto& trace : traces) {
        if (trace.was_interrupted) fail_run("interrupted after {} steps", trace.rows() - 1);
        if (trace.diverged_at)
            diverged += fmt::format("{}{} at step {}", diverged.empty() ? "" : ", ", trace.optimizer,
                                    *trace.diverged_at);
    }
    if (!diverged.empty())
        fail_run("diverged on {}: {} (the value or the gradient is not finite; try a smaller learning_rate)",
                 function.name, diverged);
}

void minimize(const MinimizeRequest& request) {
    const MinimizeOptions options = options_of(request);
    const Function function = function_of(options);
    if (const auto note = schedule_note(make_schedule(options.schedule), {.total = options.steps});
        !note.empty())
        fmt::print(stderr, "note: {}\n", note);
    if (!request.plot.empty()) {
        require_picture_path(request.plot);
        require_writable(request.plot);
        if (function.dimension != 2)
            fail_request("--plot: expected a function of 2 variables; this one has {}", function.dimension);
    }
    if (!request.trace.empty()) require_writable(request.trace);
    const auto traces = ravine::minimize(options);
    if (!request.trace.empty()) write_traces(request.trace, traces);
    if (!request.plot.empty()) plot_traces(request.plot, function, traces);
    print_results(function, traces);
    fail_for_unfinished(function, traces);
}

}  // namespace

void add_minimize(CLI::App& app) {
    auto* command = app.add_subcommand("minimize", "Minimise a test function, in double precision");
    auto request = std::make_shared<MinimizeRequest>();
    const auto text = [&](const char* name, std::string& value, const char* type, const char* meaning) {
        return command->add_option(name, value, meaning)->type_name(type);
    };
    text("function", request->function, "FUNCTION", "rosenbrock, ... (`ravine list functions`)")->required();
    command->add_option("--optimizer", request->optimizers, "Once for each optimizer that takes part")
        ->type_name("NAME[:key=value,...]")
        ->allow_extra_args(false)
        ->default_str("sgd");
    add_integer(*command, "--steps", request->steps, at_least_one, "Steps of each optimizer");
    text("--start", request->start, "X0,X1,...", "Where to begin; without it the function's usual start");
    text("--schedule", request->schedule, "NAME[:...][+...]", "Multiplies the learning rate")
        ->capture_default_str();
    text("--clip", request->clip, "NAME[:...]", "Bounds the gradient: norm:limit=1")->capture_default_str();
    text("--trace", request->trace, "FILE.csv", "Write every step: step,x0,x1,...,f,grad_norm");
    text("--plot", request->plot, "FILE.svg", "Draw the paths over the contours (.svg or .png)");
    command->callback([request] { minimize(*request); });
}

}  // namespace ravine::cli
