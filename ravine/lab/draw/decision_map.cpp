#include "ravine/lab/draw/decision_map.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/lab/names/csv_text.hpp"

namespace ravine {
namespace {

constexpr int64_t most_points = 1000;

/// The range of one feature, with a margin of a tenth.
Interval range_of(const Dataset& data, int64_t feature) {
    Interval range{data.feature(0, feature), data.feature(0, feature)};
    for (int64_t i = 0; i < data.size(); ++i) {
        range.low = std::min(range.low, data.feature(i, feature));
        range.high = std::max(range.high, data.feature(i, feature));
    }
    const double size = std::max(std::abs(range.low), std::abs(range.high));
    const double margin = 0.1 * std::max({range.high - range.low, 1e-6, 1e-12 * size});
    return {range.low - margin, range.high + margin};
}

/// The centres of the cells as examples without labels.
Dataset centres_of(const PlotGrid& grid, int64_t output_count) {
    Dataset cells{.name = "grid", .task = Task::classification, .feature_shape = {2}};
    cells.output_count = output_count;
    std::vector<double> points;
    for (int64_t row = 0; row < grid.rows; ++row) {
        for (int64_t column = 0; column < grid.columns; ++column) {
            points.push_back(grid.x_of(column));
            points.push_back(grid.y_of(row));
        }
    }
    cells.features = Rows<double>(std::move(points));
    return cells;
}

}  // namespace

bool has_decision_map(const Run& run) {
    const Dataset& training = run.parts().training;
    return training.task == Task::classification && training.feature_shape == Shape{2};
}

DecisionMap decision_map(const Run& run, int64_t side) {
    const Dataset& training = run.parts().training;
    const Schema& schema = run.parts().schema;
    DecisionMap map{.title = schema.dataset + ": regions of the predicted class",
                    .grid = {range_of(training, 0), range_of(training, 1), side, side},
                    .classes = {},
                    .class_names = schema.classes};
    Evaluator evaluator(run.network(), run.compile_options());
    const auto outputs = evaluator.outputs(centres_of(map.grid, training.output_count), schema.normalization,
                                           run.result().parameters, run.result().buffers);
    const auto columns = static_cast<size_t>(run.network().output_count());
    for (size_t i = 0; i < outputs.size(); i += columns)
        map.classes.push_back(
            predicted_class(std::span(outputs).subspan(i, columns), run.network().loss().prediction));
    for (int64_t i = 0; i < std::min(training.size(), most_points); ++i) {
        map.point_x.push_back(training.feature(i, 0));
        map.point_y.push_back(training.feature(i, 1));
        map.point_classes.push_back(training.labels[static_cast<size_t>(i)]);
    }
    return map;
}

std::string boundary_csv_lines(const std::string& contender, int64_t seed, const DecisionMap& map) {
    std::string csv;
    for (int64_t row = 0; row < map.grid.rows; ++row)
        for (int64_t column = 0; column < map.grid.columns; ++column) {
            const auto label = map.classes.at(static_cast<size_t>(row * map.grid.columns + column));
            csv += csv_line(contender, seed, map.grid.x_of(column), map.grid.y_of(row),
                            map.class_names.at(static_cast<size_t>(label)));
        }
    return csv;
}

std::string points_csv(const Parts& parts) {
    std::string csv = "part,x0,x1,class\n";
    const auto add = [&](const char* part, const Dataset& data) {
        for (int64_t i = 0; i < std::min(data.size(), most_points); ++i)
            csv += csv_line(std::string(part), data.feature(i, 0), data.feature(i, 1),
                            data.classes.at(static_cast<size_t>(data.labels[static_cast<size_t>(i)])));
    };
    add("training", parts.training);
    add("validation", parts.validation);
    add("test", parts.test);
    return csv;
}

}  // namespace ravine
