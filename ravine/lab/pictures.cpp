#include "ravine/lab/pictures.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/lab/metrics_log.hpp"
#include "ravine/lab/plot.hpp"

namespace ravine {
namespace {

std::vector<Chart> curves(const Metrics& metrics, bool classification) {
    Series batch{.name = "training (batch)"}, epoch{.name = "training (epoch)"},
        validation{.name = "validation"};
    Series accuracy{.name = "validation"}, rate{.name = "learning rate"};
    for (const auto& s : metrics.steps) {
        const auto step = static_cast<double>(s.step);
        batch.x.push_back(step), batch.y.push_back(s.train_loss);
        rate.x.push_back(step), rate.y.push_back(s.learning_rate);
    }
    for (const auto& e : metrics.evaluations) {
        const auto step = static_cast<double>(e.step);
        epoch.x.push_back(step), epoch.y.push_back(e.train_loss);
        validation.x.push_back(step), validation.y.push_back(e.validation.loss);
        accuracy.x.push_back(step), accuracy.y.push_back(100 * e.validation.accuracy);
    }
    std::vector<Chart> charts;
    charts.push_back(
        {.title = "Loss", .x_label = "update", .y_label = "loss", .series = {batch, epoch, validation}});
    if (classification)
        charts.push_back({.title = "Accuracy", .x_label = "update", .y_label = "%", .series = {accuracy}});
    charts.push_back({.title = "Learning rate", .x_label = "update", .y_label = "rate", .series = {rate}});
    return charts;
}

/// The range of one feature, with a margin of a tenth.
Interval range_of(const Dataset& data, int64_t feature) {
    Interval range{data.feature(0, feature), data.feature(0, feature)};
    for (int64_t i = 0; i < data.size(); ++i) {
        range.low = std::min(range.low, data.feature(i, feature));
        range.high = std::max(range.high, data.feature(i, feature));
    }
    const double margin = 0.1 * std::max(range.high - range.low, 1e-6);
    return {range.low - margin, range.high + margin};
}

DecisionMap decision_map(const Run& run) {
    const Dataset& training = run.parts().training;
    const Schema& schema = run.parts().schema;
    DecisionMap map{.title = schema.dataset + ": regions of the predicted class",
                    .grid = {range_of(training, 0), range_of(training, 1), 240, 240},
                    .classes = {},
                    .class_names = schema.classes};
    Dataset cells{.name = "grid", .task = Task::classification, .feature_shape = {2}};
    cells.output_count = training.output_count;
    std::vector<float> points;
    for (int64_t row = 0; row < map.grid.rows; ++row) {
        for (int64_t column = 0; column < map.grid.columns; ++column) {
            points.push_back(static_cast<float>(map.grid.x_of(column)));
            points.push_back(static_cast<float>(map.grid.y_of(row)));
        }
    }
    cells.features = std::move(points);
    Evaluator evaluator(run.network(), run.compile_options());
    const auto outputs = evaluator.outputs(cells, schema.normalization, run.parameters(), run.buffers());
    const auto columns = static_cast<size_t>(run.network().output_count());
    for (size_t i = 0; i < outputs.size(); i += columns)
        map.classes.push_back(
            predicted_class(std::span(outputs).subspan(i, columns), run.network().loss().prediction));
    constexpr int64_t most_points = 1000;
    for (int64_t i = 0; i < std::min(training.size(), most_points); ++i) {
        map.point_x.push_back(training.feature(i, 0));
        map.point_y.push_back(training.feature(i, 1));
        map.point_classes.push_back(training.labels[static_cast<size_t>(i)]);
    }
    return map;
}

}  // namespace

void draw_pictures(const RunFolder& folder, const Run& run) {
    const Dataset& training = run.parts().training;
    const bool classification = training.task == Task::classification;
    try {
        write_charts(folder.curves(), curves(read_metrics(folder.metrics()), classification));
        if (classification && training.feature_shape == Shape{2})
            write_decision_map(folder.boundary(), decision_map(run));
    } catch (const Error& error) {  // the run itself is safe on the disk
        spdlog::warn("no pictures: {}", error.what());
    }
}

}  // namespace ravine
