#include "ravine/lab/run/use_model.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/core/values/undefined.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "ravine/lab/experiment/experiment.hpp"
#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/run/run.hpp"
#include "ravine/lab/run/run_data.hpp"
#include "ravine/lab/run/run_folder.hpp"
#include "ravine/lab/run/saved_model.hpp"

namespace ravine {
namespace {

/// A model, and the experiment that trained it.
struct Trained {
    RunFolder folder;
    Experiment experiment{};
    SavedModel model;
    CompileOptions options{};

    Trained(const std::string& run, SavedWeights weights)
        : folder(RunFolder::open(run)), model(read_model(folder.saved_model(weights))) {
        read_experiment(experiment, folder.config());
        // As many threads as in training, if there are so many: then sums come out the same to the last bit.
        const auto threads = static_cast<int>(experiment.threads);
        options = {model.parameters->values().precision(),
                   threads > 0 ? std::min(threads, available_threads()) : available_threads()};
    }

    /// The test part of the data set that the model was trained on.
    Dataset test_part(const std::string& data_dir) const {
        DataRequest request = data_request(experiment);
        if (!data_dir.empty()) request.data_dir = data_dir;
        const Parts parts = load_parts(request);
        const Dataset& test = parts.test;
        const Schema& schema = model.schema;
        if (test.task != schema.task || test.feature_shape != schema.feature_shape ||
            test.output_count != schema.output_count || test.classes != schema.classes)
            fail_request("{}: the model was trained on '{}', which differs from '{}' in config.toml",
                         folder.model().string(), schema.dataset, experiment.dataset);
        require_recorded_data(folder, parts, DataUse::test);
        return test;
    }
};

std::vector<Evaluated::Class> recalls(const Dataset& data, const std::vector<double>& outputs,
                                      const Network& network) {
    const auto columns = static_cast<size_t>(network.output_count());
    std::vector<int64_t> right(data.classes.size(), 0), count(data.classes.size(), 0);
    for (size_t i = 0; i < data.labels.size(); ++i) {
        const auto label = static_cast<size_t>(data.labels[i]);
        ++count.at(label);
        const auto row = std::span(outputs).subspan(i * columns, columns);
        right[label] += predicted_class(row, network.loss().prediction) == data.labels[i];
    }
    std::vector<Evaluated::Class> result;
    for (size_t c = 0; c < count.size(); ++c)
        if (count[c] > 0)
            result.push_back(
                {data.classes[c], static_cast<double>(right[c]) / static_cast<double>(count[c]), count[c]});
    return result;
}

/// Of the examples for which a label holds, those for which it is predicted.
std::vector<Evaluated::Class> label_recalls(const Dataset& data, const std::vector<double>& outputs,
                                            const Network& network) {
    std::vector<Evaluated::Class> result;
    const auto columns = static_cast<size_t>(data.output_count);
    for (size_t j = 0; j < columns; ++j) {
        int64_t right = 0, count = 0;
        for (size_t i = j; i < data.values.size(); i += columns) {
            if (data.values[i] != 1) continue;
            ++count;
            right += predicted_label(outputs[i], network.loss().prediction) ? 1 : 0;
        }
        if (count > 0)
            result.push_back(
                {data.classes[j], static_cast<double>(right) / static_cast<double>(count), count});
    }
    return result;
}

/// What stands in the columns of predicted numbers: "price"; the features of an autoencoding by their names.
std::vector<std::string> number_columns(const Schema& schema, const Dataset& examples) {
    if (schema.task == Task::autoencoding && !examples.columns.empty()) return examples.columns;
    std::vector<std::string> names{schema.target.empty() ? "prediction" : schema.target};
    for (int64_t j = 1; j < schema.output_count; ++j) names.push_back(fmt::format("prediction_{}", j));
    return names;
}

/// The lines of a file of predictions: what the columns are, and what they say of a row of outputs.
struct PredictionColumns {
    std::vector<std::string> names;
    std::function<std::vector<std::string>(std::span<const double>)> cells;
};

/// A predicted number in 9 digits, and one more for every power of ten that it is larger than the deviation
/// of the targets: as many as single precision tells apart.
std::string predicted_number(double number, double deviation) {
    const double excess = std::floor(std::log10(std::abs(number) / deviation));
    const int digits = excess > 0 ? static_cast<int>(std::min(9 + excess, 17.0)) : 9;
    return fmt::format("{:.{}g}", number, digits);
}

void append_numbers(std::vector<std::string>& cells, const std::vector<double>& numbers) {
    for (const double number : numbers) cells.push_back(fmt::format("{:.9g}", number));
}

PredictionColumns prediction_columns(const Schema& schema, const Dataset& examples, Prediction prediction) {
    if (predicts_numbers(schema.task))
        return {number_columns(schema, examples), [&schema](std::span<const double> outputs) {
                    const Normalization& targets = schema.target_normalization;
                    std::vector<std::string> cells;
                    for (size_t j = 0; j < outputs.size(); ++j)
                        cells.push_back(predicted_number(targets.undo(outputs[j], static_cast<int64_t>(j)),
                                                         targets.deviation[j]));
                    return cells;
                }};
    const bool is_class = schema.task == Task::classification;
    PredictionColumns result{is_class ? std::vector<std::string>{"prediction"} : schema.classes, {}};
    if (prediction == Prediction::softmax || prediction == Prediction::sigmoid)
        for (const auto& name : schema.classes) result.names.push_back("probability_" + name);
    result.cells = [&schema, prediction, is_class](std::span<const double> outputs) {
        std::vector<std::string> cells;
        if (is_class)
            cells.push_back(schema.classes.at(static_cast<size_t>(predicted_class(outputs, prediction))));
        else
            for (const double output : outputs)
                cells.emplace_back(predicted_label(output, prediction) ? "1" : "0");
        append_numbers(
            cells, is_class ? probabilities(outputs, prediction) : label_probabilities(outputs, prediction));
        return cells;
    };
    return result;
}

std::string csv_row(const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : ",") + csv_cell(cells[i]);
    return line + "\n";
}

}  // namespace

Evaluated evaluate_run(const std::string& run, const std::string& data, const std::string& data_dir,
                       SavedWeights weights) {
    const Trained trained(run, weights);
    const SavedModel& model = trained.model;
    const Schema& schema = model.schema;
    const Dataset examples =
        data.empty() ? trained.test_part(data_dir) : load_like(schema, data, Targets::required);
    if (examples.size() == 0)
        fail_request("{}: no examples to evaluate", data.empty() ? "the test part" : data);
    Evaluator evaluator(*model.network, trained.options);
    Evaluated result{.data = data.empty() ? schema.dataset + ", test part" : data,
                     .examples = examples.size(),
                     .scores = evaluator.evaluate(examples, schema.normalization, schema.target_normalization,
                                                  *model.parameters, model.buffers),
                     .rmse = undefined,
                     .classes = {}};
    const auto outputs = evaluator.outputs(examples, schema.normalization, *model.parameters, model.buffers);
    if (schema.task == Task::classification)
        result.classes = recalls(examples, outputs, *model.network);
    else if (schema.task == Task::multi_label)
        result.classes = label_recalls(examples, outputs, *model.network);
    else
        result.rmse = root_mean_squared_error(outputs, examples, schema.target_normalization);
    return result;
}

std::string predictions_to_csv(const std::string& run, const std::string& data, SavedWeights weights) {
    const Trained trained(run, weights);
    const SavedModel& model = trained.model;
    const Schema& schema = model.schema;
    const Dataset examples = load_like(schema, data, Targets::ignored);
    Evaluator evaluator(*model.network, trained.options);
    const auto outputs = evaluator.outputs(examples, schema.normalization, *model.parameters, model.buffers);
    const auto columns = static_cast<size_t>(model.network->output_count());
    const auto lines = prediction_columns(schema, examples, model.network->loss().prediction);
    std::string csv = csv_row(lines.names);
    for (size_t i = 0; i < static_cast<size_t>(examples.size()); ++i)
        csv += csv_row(lines.cells(std::span(outputs).subspan(i * columns, columns)));
    return csv;
}

}  // namespace ravine
