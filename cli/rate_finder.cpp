#include "ravine/lab/inspect/rate_finder.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/bar.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/files/console.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/lab/draw/gnuplot.hpp"

namespace ravine::cli {
namespace {

struct RateFinderRequest {
    GivenSettings settings;
    RateSweepOptions options;
    std::string config, trace, plot;
    bool json = false;
};

void print_finding(const RateFinding& finding) {
    fmt::print("{}\n\n{}\n{}\n", finding.title, rate_table(finding), end_of_sweep(finding.sweep));
    if (finding.suggestion.rate)
        fmt::print("suggested rate  {:.2g}: {}\n", *finding.suggestion.rate, finding.suggestion.reason);
}

void run_rate_finder(const RateFinderRequest& request) {
    if (!request.plot.empty()) {
        require_picture_path(request.plot);
        require_writable(request.plot);
    }
    if (!request.trace.empty()) require_writable(request.trace);
    const Experiment experiment = experiment_of(request.config, request.settings);
    const InterruptGuard guard;
    const RateFinding finding = [&] {
        Bar bar("sweeping");
        return find_rate(
            experiment, request.options, [](const std::string& note) { tell(stderr, "{}\n", note); },
            [&](double share) { bar(share); });
    }();
    if (!request.trace.empty()) write_file_atomically(request.trace, rate_csv(finding.sweep));
    if (!request.plot.empty()) draw_rates(request.plot, finding);
    if (request.json)
        fmt::print("{}\n", rate_json(finding).dump());
    else
        print_finding(finding);
    if (finding.sweep.end == SweepEnd::interrupted) fail_run("interrupted; the sweep is not complete");
    if (!finding.suggestion.rate) fail_run("no rate to suggest: {}", finding.suggestion.reason);
}

}  // namespace

void add_rate_finder(CLI::App& app) {
    auto* command = app.add_subcommand(
        "rate-finder", "Find a learning rate: updates whose rate grows, until the loss explodes");
    auto request = std::make_shared<RateFinderRequest>();
    add_experiment_options(*command, request->settings);
    command->add_option("--config", request->config, "An experiment file; flags beside it win")
        ->type_name("FILE.toml");
    add_number(*command, "--from", request->options.from, positive, "The rate of the first update");
    add_number(*command, "--to", request->options.to, positive, "The rate of the last");
    add_integer(*command, "--steps", request->options.steps, Range{10, 1e6}, "Updates");
    add_number(*command, "--smoothing", request->options.smoothing, below_one,
               "Of the loss: about 1 / (1 - X) losses count");
    add_number(*command, "--explosion", request->options.explosion, above_one,
               "The sweep ends where the smoothed loss is so many times its lowest");
    command->add_option("--trace", request->trace, "Write every update: rate,loss,smoothed")
        ->type_name("FILE.csv");
    command->add_option("--plot", request->plot, "Draw the loss over the rate (.svg or .png)")
        ->type_name("FILE.svg");
    command->add_flag("--json", request->json, "One JSON line");
    command->callback([request] { run_rate_finder(*request); });
}

}  // namespace ravine::cli
