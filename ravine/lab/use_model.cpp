#include "ravine/lab/use_model.hpp"

#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/threads.hpp"
#include "ravine/data/catalog.hpp"
#include "ravine/lab/experiment.hpp"
#include "ravine/lab/run.hpp"
#include "ravine/lab/run_folder.hpp"
#include "ravine/lab/saved_model.hpp"

namespace ravine {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

Dataset own_test_part(const RunFolder& folder, const std::string& data_dir) {
    Experiment experiment;
    read_experiment(experiment, folder.config());
    if (!data_dir.empty()) experiment.data_dir = data_dir;
    return load_parts(data_request(experiment)).test;
}

/// A cell of a CSV file, quoted where it must be (RFC 4180).
std::string cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

std::vector<Evaluated::Class> recalls(const Dataset& data, const std::vector<double>& outputs,
                                      size_t columns) {
    std::vector<int64_t> right(data.classes.size(), 0), count(data.classes.size(), 0);
    for (size_t i = 0; i < data.labels.size(); ++i) {
        const auto label = static_cast<size_t>(data.labels[i]);
        ++count.at(label);
        right[label] += predicted_class(std::span(outputs).subspan(i * columns, columns)) == data.labels[i];
    }
    std::vector<Evaluated::Class> result;
    for (size_t c = 0; c < count.size(); ++c)
        if (count[c] > 0)
            result.push_back(
                {data.classes[c], static_cast<double>(right[c]) / static_cast<double>(count[c]), count[c]});
    return result;
}

CompileOptions options_for(const SavedModel& model) {
    return {model.parameters->values().precision(), available_threads()};
}

}  // namespace

Evaluated evaluate_run(const std::string& run, const std::string& data, const std::string& data_dir) {
    const RunFolder folder = RunFolder::open(run);
    const SavedModel model = read_model(folder.model());
    const Schema& schema = model.schema;
    const Dataset examples =
        data.empty() ? own_test_part(folder, data_dir) : load_like(schema, data, Targets::required);
    if (examples.size() == 0)
        fail_request("{}: no examples to evaluate", data.empty() ? "the test part" : data);
    Evaluator evaluator(*model.network, options_for(model));
    Evaluated result{.data = data.empty() ? schema.dataset + ", test part" : data,
                     .examples = examples.size(),
                     .scores = evaluator.evaluate(examples, schema.normalization, schema.target_normalization,
                                                  *model.parameters, model.buffers),
                     .rmse = undefined,
                     .classes = {}};
    const auto outputs = evaluator.outputs(examples, schema.normalization, *model.parameters, model.buffers);
    if (schema.task == Task::classification)
        result.classes = recalls(examples, outputs, static_cast<size_t>(model.network->output_count()));
    else
        result.rmse = root_mean_squared_error(outputs, examples, schema.target_normalization);
    return result;
}

std::string predictions_to_csv(const std::string& run, const std::string& data) {
    const SavedModel model = read_model(RunFolder::open(run).model());
    const Schema& schema = model.schema;
    const Dataset examples = load_like(schema, data, Targets::ignored);
    Evaluator evaluator(*model.network, options_for(model));
    const auto outputs = evaluator.outputs(examples, schema.normalization, *model.parameters, model.buffers);
    const auto columns = static_cast<size_t>(model.network->output_count());
    const bool classifies = schema.task == Task::classification;
    const auto row = [&](size_t i) { return std::span(outputs).subspan(i * columns, columns); };
    const auto prediction = model.network->loss().prediction;

    std::string csv = classifies ? "prediction" : cell(schema.target.empty() ? "prediction" : schema.target);
    for (size_t j = 1; !classifies && j < columns; ++j) csv += fmt::format(",prediction_{}", j);
    const bool has_probabilities =
        classifies && !outputs.empty() && !probabilities(row(0), prediction).empty();
    if (has_probabilities)
        for (const auto& name : schema.classes) csv += "," + cell("probability_" + name);
    csv += "\n";
    for (size_t i = 0; i < static_cast<size_t>(examples.size()); ++i) {
        if (classifies) {
            csv += cell(schema.classes.at(static_cast<size_t>(predicted_class(row(i)))));
            if (has_probabilities)
                for (const double p : probabilities(row(i), prediction)) csv += fmt::format(",{:.9g}", p);
        } else {
            for (size_t j = 0; j < columns; ++j)
                csv += fmt::format("{}{:.9g}", j == 0 ? "" : ",",
                                   schema.target_normalization.undo(row(i)[j], static_cast<int64_t>(j)));
        }
        csv += "\n";
    }
    return csv;
}

}  // namespace ravine
