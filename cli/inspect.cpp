#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/files/console.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/inspect/inspection_report.hpp"
#include "ravine/lab/names/text_table.hpp"
#include "ravine/train/training/progress.hpp"

namespace ravine::cli {
namespace {

struct InspectRequest {
    std::string run, data_dir, weights = "last";
    InspectOptions options;
};

void print_rerun(const Inspection& inspection, const std::string& weights) {
    if (inspection.rerun == Rerun::same) fmt::print("the weights are those of {}, bit for bit\n", weights);
    if (inspection.rerun == Rerun::different)
        fmt::print("{}\n",
                   wrapped(fmt::format("this was another run than the folder's: a weight differs by {:.3g} "
                                       "from {} (resumed with other settings, another machine, "
                                       "or other data?)",
                                       inspection.largest_difference, weights),
                           0));
}

void print_findings(const Inspection& inspection) {
    const auto found = findings(inspection);
    if (found.empty()) fmt::print("nothing stands out\n");
    for (const auto& finding : found) fmt::print("- {}\n", wrapped(finding, 2));
}

void inspect_run(InspectRequest& request) {
    const RunFolder folder = RunFolder::open(request.run);
    request.options.weights = parse_saved_weights(request.weights);
    require_writable(folder.inspection_table());
    const InterruptGuard guard;
    const auto say = [](const std::string& note) { tell(stderr, "{}\n", note); };
    Experiment experiment;
    read_experiment(experiment, folder.config());
    tell(stderr, "running {} on {} again\n", model_label(experiment.model), experiment.dataset);
    Inspection inspection;
    {
        Progress progress(stderr, experiment.epochs);
        inspection = inspect(folder, request.options, request.data_dir, {&progress}, say);
    }
    fmt::print("{} updates, looked at {} times on {} training examples\n", inspection.steps,
               inspection.moments.size(), inspection.examples);
    print_rerun(inspection, folder.model(request.options.weights).filename().string());
    fmt::print("\n{}\n", inspection_tables(inspection));
    print_findings(inspection);
    write_file_atomically(folder.inspection_table(), inspection_csv(inspection));
    std::string written = folder.inspection_table().string();
    try {
        draw_inspection(folder.inspection_picture(), inspection);
        written += "  " + folder.inspection_picture().string();
    } catch (const RunError& error) {
        spdlog::warn("no picture: {}", error.what());
    }
    fmt::print("\nwritten  {}\n", written);
    if (inspection.interrupted)
        fail_run("interrupted; the inspection ends after update {}", inspection.steps);
}

}  // namespace

void add_inspect(CLI::App& app) {
    auto* command = app.add_subcommand(
        "inspect", "Look into a run: activations, gradients, updates and curvature, layer by layer");
    auto request = std::make_shared<InspectRequest>();
    command->add_option("run", request->run, "The run's folder")->required()->type_name("RUN");
    add_integer(*command, "--moments", request->options.moments, Range{1, 10000},
                "How often to look, from the first update to the last");
    add_integer(*command, "--examples", request->options.examples, at_least_one,
                "Training examples to look at");
    add_integer(*command, "--max-steps", request->options.max_steps, non_negative,
                "Run only so many updates again; 0: all");
    add_weights(*command, request->weights);
    command->add_option("--data-dir", request->data_dir, "Where named data sets are looked for first")
        ->type_name("DIR");
    command->callback([request] { inspect_run(*request); });
}

}  // namespace ravine::cli
