#include "ravine/lab/names/describe.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/look/example_shape.hpp"
#include "ravine/lab/look/model_summary.hpp"
#include "ravine/lab/run/run.hpp"

namespace ravine::cli {
namespace {

struct DescribeRequest {
    std::string name, model, dataset, data_dir, shape;
    int64_t classes = 10, batch = 32;
};

ModelProblem problem_of(const DescribeRequest& request, const Experiment& experiment) {
    if (!request.dataset.empty() && !request.shape.empty())
        fail_request("--shape: the data set has a shape of its own");
    if (!request.dataset.empty()) {
        const Schema schema = load_parts(data_request(experiment)).schema;
        return {schema.feature_shape, schema.output_count, schema.task};
    }
    if (!request.shape.empty()) return {parse_example_shape(request.shape), request.classes};
    return usual_problem(experiment.model, experiment.model_origin);
}

void describe(const DescribeRequest& request) {
    if (request.name.empty() == request.model.empty())
        fail_request("describe: expected a name, or --model (`ravine list` shows all names)");
    // Settings or a file behind the name: only models have a use for them.
    const bool is_file = request.name.ends_with(".toml");
    const std::string bare = is_file ? "" : request.name.substr(0, request.name.find(':'));
    std::string model = request.model.empty() && bare != request.name ? request.name : request.model, text;
    if (!bare.empty())
        for (const auto& entry : find_entries(bare)) {
            if (bare != request.name && entry.kind != "model") continue;
            text += (text.empty() ? "" : "\n") + describe_text(entry);
            if (entry.kind == "model" && model.empty()) model = entry.name;
        }
    if (!bare.empty() && text.empty())
        fail_request("'{}': only a model is described with settings", request.name);
    if (!model.empty()) {
        Experiment experiment;
        experiment.dataset = request.dataset;
        experiment.data_dir = request.data_dir;
        set_experiment(experiment, "model", "--model", model);
        text += model_summary_text(experiment.model, experiment.model_origin, problem_of(request, experiment),
                                   request.batch);
    } else if (!request.dataset.empty() || !request.shape.empty()) {
        fail_request("'{}': only a model is described for a data set or a shape", request.name);
    }
    fmt::print("{}", text);
}

}  // namespace

void add_describe(CLI::App& app) {
    auto* command = app.add_subcommand(
        "describe",
        "Show the formula, source and settings of a name; of a model also layers, memory and work");
    auto request = std::make_shared<DescribeRequest>();
    command
        ->add_option(
            "name", request->name,
            "adam, spiral, cnn:hidden=64, net.toml, ...; model/linear where several kinds have the name")
        ->type_name("NAME");
    command->add_option("--model", request->model, "A model alone: a name with settings, or a file .toml")
        ->type_name("MODEL");
    command->add_option("--dataset", request->dataset, "The data set that the model is to learn")
        ->type_name("NAME");
    command->add_option("--data-dir", request->data_dir, "Where named data sets are looked for first")
        ->type_name("DIR");
    command->add_option("--shape", request->shape, "Of one example, instead of a data set: 32x32x3, or 13")
        ->type_name("SHAPE");
    add_integer(*command, "--classes", request->classes, at_least_one, "Classes, with --shape");
    add_integer(*command, "--batch", request->batch, Range{1, 65536}, "Examples of a training step");
    command->callback([request] { describe(*request); });
}

}  // namespace ravine::cli
