#include <fmt/format.h>

#include <memory>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/lab/run/use_model.hpp"

namespace ravine::cli {
namespace {

struct PredictRequest {
    std::string run, data, out, weights = "last";
};

void predict(const PredictRequest& request) {
    if (!request.out.empty()) require_writable(request.out);
    const std::string csv =
        predictions_to_csv(request.run, request.data, parse_saved_weights(request.weights));
    if (request.out.empty())
        fmt::print("{}", csv);
    else
        write_file_atomically(request.out, csv);
}

}  // namespace

void add_predict(CLI::App& app) {
    auto* command = app.add_subcommand("predict", "Predictions of a trained model for new examples, as CSV");
    auto request = std::make_shared<PredictRequest>();
    command->add_option("run", request->run, "The run's folder")->required()->type_name("RUN");
    command
        ->add_option("file", request->data,
                     "A table with the columns of the training data, arrays (.npz, .npy), images (.png, "
                     ".jpg, a folder, an IDX file)")
        ->required()
        ->type_name("FILE");
    command->add_option("--out", request->out, "Write here instead of to the terminal")
        ->type_name("FILE.csv");
    add_weights(*command, request->weights);
    command->callback([request] { predict(*request); });
}

}  // namespace ravine::cli
