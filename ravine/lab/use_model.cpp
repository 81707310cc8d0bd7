#include "ravine/lab/use_model.hpp"

#include <algorithm>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/threads.hpp"
#include "ravine/data/catalog.hpp"
#include "ravine/lab/csv_text.hpp"
#include "ravine/lab/experiment.hpp"
#include "ravine/lab/run.hpp"
#include "ravine/lab/run_folder.hpp"
#include "ravine/lab/saved_model.hpp"

namespace ravine {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// A model, and the experiment that trained it.
struct Trained {
    RunFolder folder;
    Experiment experiment{};
    SavedModel model;
    CompileOptions options{};

    explicit Trained(const std::string& run)
        : folder(RunFolder::open(run)), model(read_model(folder.model())) {
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
        Dataset test = load_parts(request).test;
        const Schema& schema = model.schema;
        if (test.task != schema.task || test.feature_shape != schema.feature_shape ||
            test.output_count != schema.output_count || test.classes != schema.classes)
            fail_request("{}: the model was trained on '{}', which differs from '{}' in config.toml",
                         folder.model().string(), schema.dataset, experiment.dataset);
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

}  // namespace

Evaluated evaluate_run(const std::string& run, const std::string& data, const std::string& data_dir) {
    const Trained trained(run);
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
    else
        result.rmse = root_mean_squared_error(outputs, examples, schema.target_normalization);
    return result;
}

std::string predictions_to_csv(const std::string& run, const std::string& data) {
    const Trained trained(run);
    const SavedModel& model = trained.model;
    const Schema& schema = model.schema;
    const Dataset examples = load_like(schema, data, Targets::ignored);
    Evaluator evaluator(*model.network, trained.options);
    const auto outputs = evaluator.outputs(examples, schema.normalization, *model.parameters, model.buffers);
    const auto columns = static_cast<size_t>(model.network->output_count());
    const bool classifies = schema.task == Task::classification;
    const auto row = [&](size_t i) { return std::span(outputs).subspan(i * columns, columns); };
    const auto prediction = model.network->loss().prediction;

    std::string csv =
        classifies ? "prediction" : csv_cell(schema.target.empty() ? "prediction" : schema.target);
    for (size_t j = 1; !classifies && j < columns; ++j) csv += fmt::format(",prediction_{}", j);
    const bool has_probabilities =
        classifies && !outputs.empty() && !probabilities(row(0), prediction).empty();
    if (has_probabilities)
        for (const auto& name : schema.classes) csv += "," + csv_cell("probability_" + name);
    csv += "\n";
    for (size_t i = 0; i < static_cast<size_t>(examples.size()); ++i) {
        if (classifies) {
            csv += csv_cell(schema.classes.at(static_cast<size_t>(predicted_class(row(i), prediction))));
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
