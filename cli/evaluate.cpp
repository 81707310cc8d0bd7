#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/lab/run/use_model.hpp"

namespace ravine::cli {
namespace {

struct EvaluateRequest {
    std::string run, data, data_dir, weights = "last";
    bool json = false;
};

void evaluate(const EvaluateRequest& request) {
    const Evaluated result =
        evaluate_run(request.run, request.data, request.data_dir, parse_saved_weights(request.weights));
    if (request.json) {
        nlohmann::ordered_json json{
            {"data", result.data}, {"examples", result.examples}, {"loss", result.scores.loss}};
        json["weights"] = request.weights;
        if (!std::isnan(result.scores.accuracy)) json["accuracy"] = result.scores.accuracy;
        if (!std::isnan(result.rmse)) json["rmse"] = result.rmse;
        fmt::print("{}\n", json.dump());
        return;
    }
    fmt::print("{}: {} examples{}\nloss      {:.6g}\n", result.data, result.examples,
               request.weights == "best" ? ", best weights" : "", result.scores.loss);
    if (!std::isnan(result.scores.accuracy)) fmt::print("accuracy  {:.2f} %\n", 100 * result.scores.accuracy);
    if (!std::isnan(result.rmse)) fmt::print("rmse      {:.6g}\n", result.rmse);
    for (const auto& [name, recall, count] : result.classes)
        fmt::print("  {:<20} {:6.2f} % of {}\n", name, 100 * recall, count);
}

}  // namespace

void add_evaluate(CLI::App& app) {
    auto* command = app.add_subcommand("evaluate", "Loss and accuracy of a trained model");
    auto request = std::make_shared<EvaluateRequest>();
    command->add_option("run", request->run, "The run's folder")->required()->type_name("RUN");
    command
        ->add_option("data", request->data,
                     "A file with labels; default: the test part of the run's data set")
        ->type_name("DATA");
    command->add_option("--data-dir", request->data_dir, "Where named data sets are looked for first")
        ->type_name("DIR");
    add_weights(*command, request->weights);
    command->add_flag("--json", request->json, "One JSON line");
    command->callback([request] { evaluate(*request); });
}

}  // namespace ravine::cli
