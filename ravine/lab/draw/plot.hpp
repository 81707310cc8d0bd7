#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ravine {

// Plots, drawn by gnuplot: PNG where the path ends in .png, SVG otherwise. The file appears whole or not at
// all. Colours are those of Okabe and Ito (2008), which people with colour-blindness tell apart. All throw
// RunError where gnuplot is missing or fails or the file cannot be written, and RequestError for a path that
// ends neither in .svg nor in .png.

/// A line through points, in their order. Where a coordinate is not finite (or not positive, on a logarithmic
/// axis) the line is broken.
struct Series {
    std::string name = {};
    std::vector<double> x = {}, y = {};
    bool on_right = false;  ///< y belongs to the axis on the right
};

/// Lines over common axes. The right axis, which is linear, is there only for lines that belong to it.
struct Chart {
    std::string title = {}, x_label = {}, y_label = {}, right_label = {};
    bool log_x = false, log_y = false;
    std::vector<Series> series = {};
};

void write_chart(const std::filesystem::path& path, const Chart& chart);
/// Several charts in one picture, side by side: loss, accuracy and learning rate of a run.
void write_charts(const std::filesystem::path& path, const std::vector<Chart>& charts);

struct Interval {
    double low, high;
};

/// A grid of `columns` by `rows` cells that fills a rectangle of the plane, and the coordinates of its cells'
/// centres.
struct PlotGrid {
    Interval x, y;
    int64_t columns, rows;

    double x_of(int64_t column) const { return x.low + (x.high - x.low) * (column + 0.5) / columns; }
    double y_of(int64_t row) const { return y.low + (y.high - y.low) * (row + 0.5) / rows; }
    int64_t size() const { return columns * rows; }
};

/// The class that a model predicts at each point of the plane, and examples with their true classes.
struct DecisionMap {
    std::string title = {}, x_label = "x0", y_label = "x1";
    PlotGrid grid;
    std::vector<int64_t>
        classes;  ///< of each cell, row by row from the bottom: classes[row * columns + column]
    std::vector<std::string> class_names;
    std::vector<double> point_x = {}, point_y = {};
    std::vector<int64_t> point_classes = {};
};

void write_decision_map(const std::filesystem::path& path, const DecisionMap& map);

/// A point of the plane that a plot marks.
struct Landmark {
    double x, y;
};

/// Paths of optimizers over the contours of a function of two variables. The levels are spaced so that the
/// ratios of f - min f are equal.
struct ContourPaths {
    std::string title = {}, x_label = "x0", y_label = "x1";
    PlotGrid grid;
    std::vector<double> values;  ///< of the function in each cell, row by row from the bottom
    std::vector<Series> paths;
    std::vector<Landmark> starts = {}, minima = {};
};

void write_contour_paths(const std::filesystem::path& path, const ContourPaths& plot);

}  // namespace ravine
