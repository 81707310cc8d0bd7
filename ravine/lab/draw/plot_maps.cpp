#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/lab/draw/gnuplot.hpp"
#include "ravine/lab/draw/plot.hpp"
#include "ravine/lab/draw/plot_style.hpp"

// Plots over a rectangle of the plane: regions of classes, contours of functions.

namespace ravine {
namespace {

constexpr PictureSize map_size{640, 660};

/// Title, labels and ranges of a map.
std::string frame(const std::string& title, const std::string& x_label, const std::string& y_label,
                  const PlotGrid& grid) {
    return fmt::format(
        "set title {} noenhanced font ',15' tc rgb '#202020'\n"
        "set xlabel {} noenhanced offset 0,0.3 tc rgb '#303030'\nset ylabel {} noenhanced tc rgb '#303030'\n"
        "set xrange [{}:{}]\nset yrange [{}:{}]\n"
        "unset grid\nset border 15 front\n{}{}",
        gnuplot_quoted(title), gnuplot_quoted(x_label), gnuplot_quoted(y_label), grid.x.low, grid.x.high,
        grid.y.low, grid.y.high, tics_for("x", grid.x.low, grid.x.high),
        tics_for("y", grid.y.low, grid.y.high));
}

struct Centres {
    std::vector<double> x, y;
};

Centres centres_of(const PlotGrid& grid) {
    Centres centres;
    for (int64_t row = 0; row < grid.rows; ++row) {
        for (int64_t column = 0; column < grid.columns; ++column) {
            centres.x.push_back(grid.x_of(column));
            centres.y.push_back(grid.y_of(row));
        }
    }
    return centres;
}

void add_colour(std::vector<uint8_t>& rgb, uint32_t colour) {
    for (const int shift : {16, 8, 0}) rgb.push_back(static_cast<uint8_t>(colour >> shift));
}

/// What draws a colour for each cell.
std::string coloured_cells(PictureData& data, const std::vector<uint8_t>& rgb, const PlotGrid& grid) {
    return data.image(rgb, grid.columns, grid.rows,
                      {.x = grid.x_of(0),
                       .y = grid.y_of(0),
                       .dx = (grid.x.high - grid.x.low) / static_cast<double>(grid.columns),
                       .dy = (grid.y.high - grid.y.low) / static_cast<double>(grid.rows)}) +
           " using 1:2:3 with rgbimage notitle";
}

/// The examples of one class.
std::string points_of_class(PictureData& data, const DecisionMap& map, int64_t label) {
    std::vector<double> x, y;
    for (size_t i = 0; i < map.point_classes.size(); ++i) {
        if (map.point_classes[i] != label) continue;
        x.push_back(map.point_x[i]);
        y.push_back(map.point_y[i]);
    }
    const std::array<std::span<const double>, 2> columns{x, y};
    return data.columns(columns);  // where there are none, the legend has the class all the same
}

std::string points_of(PictureData& data, const std::vector<Landmark>& landmarks) {
    std::vector<double> x, y;
    for (const auto& landmark : landmarks) {
        x.push_back(landmark.x);
        y.push_back(landmark.y);
    }
    const std::array<std::span<const double>, 2> columns{x, y};
    return data.columns(columns);
}

/// The smallest and the largest of the finite values.
Interval extent_of(const std::vector<double>& values) {
    Interval extent{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    for (const double v : values) {
        if (!std::isfinite(v)) continue;
        extent.low = std::min(extent.low, v);
        extent.high = std::max(extent.high, v);
    }
    return extent;
}

/// log10(f - lowest f + a little): equal steps are equal ratios.
std::vector<double> heights(const std::vector<double>& values) {
    const auto [low, high] = extent_of(values);
    // Below 1e-5 of the span a grid shows nothing but where its cells happen to lie.
    const double floor = std::max((high - low) * 1e-5, std::numeric_limits<double>::min());
    std::vector<double> result;
    for (const double v : values) result.push_back(std::log10(v - low + floor));
    return result;
}

constexpr int level_count = 14;

/// The commands for the block $contours: lines of equal height, which gnuplot finds.
std::string contour_block(PictureData& data, const PlotGrid& grid, const std::vector<double>& height,
                          Interval extent) {
    if (!(extent.high > extent.low)) return "$contours << END\nNaN NaN\nEND\n";
    const Centres centres = centres_of(grid);
    const std::array<std::span<const double>, 3> cells{centres.x, centres.y, height};
    std::string levels;
    for (int i = 1; i < level_count; ++i)
        levels +=
            fmt::format("{}{}", i == 1 ? "" : ",", extent.low + (extent.high - extent.low) * i / level_count);
    return "set contour base\nunset surface\nset cntrparam levels discrete " + levels +
           "\nset table $contours\nsplot " + data.columns(cells, static_cast<size_t>(grid.columns)) +
           " using 1:2:3\nunset table\nunset contour\nset surface\n";
}

/// A shade of grey-blue for each cell, in as many bands as there are contours: the darker, the lower.
std::vector<uint8_t> shades_of(const std::vector<double>& height, Interval extent) {
    std::vector<uint8_t> rgb;
    for (const double h : height) {
        const bool known = std::isfinite(h) && extent.high > extent.low;
        const double depth = known ? (extent.high - h) / (extent.high - extent.low) : 0;
        const double band = std::floor(depth * level_count) / level_count;
        const auto shade = [&](double deepest) {
            return static_cast<uint32_t>(std::lround(250 - band * (250 - deepest)));
        };
        add_colour(rgb, shade(188) << 16 | shade(202) << 8 | shade(216));
    }
    return rgb;
}

/// The path without the points that lie within a pixel of the one before, so that long runs make no large
/// files.
Series thinned(const Series& path, const PlotGrid& grid) {
    const double dx = (grid.x.high - grid.x.low) / 800, dy = (grid.y.high - grid.y.low) / 800;
    Series result{.name = path.name};
    for (size_t i = 0; i < path.x.size(); ++i) {
        const bool near = !result.x.empty() && i + 1 < path.x.size() &&
                          std::abs(path.x[i] - result.x.back()) < dx &&
                          std::abs(path.y[i] - result.y.back()) < dy;
        if (near) continue;
        // Beyond these numbers are undefined to gnuplot, and the line to them would not be drawn.
        result.x.push_back(std::clamp(path.x[i], -1e300, 1e300));
        result.y.push_back(std::clamp(path.y[i], -1e300, 1e300));
    }
    return result;
}

/// The plot commands of path i. `over` paths are drawn over this one, which is so much wider that it shows
/// where they coincide.
std::string path_curves(PictureData& data, const Series& path, size_t i, size_t over) {
    const std::array<std::span<const double>, 2> columns{path.x, path.y};
    const std::string points = data.columns(columns), colour = plot_colour(i);
    std::string curves = fmt::format(", {} using 1:2 with lines lw {} dt {} lc rgb '{}' title {}", points,
                                     2 + 1.2 * static_cast<double>(std::min<size_t>(over, 3)), plot_dash(i),
                                     colour, gnuplot_quoted(path.name));
    // Single steps can be told apart only where they are few.
    if (path.x.size() <= 300)
        curves += fmt::format(", {} using 1:2 with points pt 7 ps 0.3 lc rgb '{}' notitle", points, colour);
    return curves;
}

}  // namespace

void write_decision_map(const std::filesystem::path& path, const DecisionMap& map) {
    require(static_cast<int64_t>(map.classes.size()) == map.grid.size(), "decision map: {} cells, {} classes",
            map.grid.size(), map.classes.size());
    require(map.point_x.size() == map.point_y.size() && map.point_x.size() == map.point_classes.size(),
            "decision map: points without a class or coordinate");
    PictureData data;
    std::vector<uint8_t> rgb;
    for (const auto c : map.classes) add_colour(rgb, tinted_plot_colour(static_cast<size_t>(c), 0.3));
    std::string plot = "plot " + coloured_cells(data, rgb, map.grid);
    for (size_t c = 0; c < map.class_names.size(); ++c) {
        // White rims part points that lie on each other or on their own region.
        plot += fmt::format(
            ", {0} using 1:2 with points pt 7 ps 0.85 lc rgb '#ffffff' notitle"
            ", {0} using 1:2 with points pt 7 ps 0.6 lc rgb '{1}' title {2}",
            points_of_class(data, map, static_cast<int64_t>(c)), plot_colour(c),
            gnuplot_quoted(map.class_names[c]));
    }
    draw(path, map_size, frame(map.title, map.x_label, map.y_label, map.grid) + plot + "\n", data);
}

void write_contour_paths(const std::filesystem::path& path, const ContourPaths& plot) {
    require(static_cast<int64_t>(plot.values.size()) == plot.grid.size(), "contours: {} cells, {} values",
            plot.grid.size(), plot.values.size());
    PictureData data;
    const std::vector<double> height = heights(plot.values);
    const Interval extent = extent_of(height);
    const std::string script = contour_block(data, plot.grid, height, extent) +
                               frame(plot.title, plot.x_label, plot.y_label, plot.grid);
    std::string curves = "plot " + coloured_cells(data, shades_of(height, extent), plot.grid) +
                         ", $contours using 1:2 with lines lw 0.7 lc rgb '#8a97a6' notitle";
    for (size_t i = 0; i < plot.paths.size(); ++i)
        curves += path_curves(data, thinned(plot.paths[i], plot.grid), i, plot.paths.size() - 1 - i);
    if (!plot.starts.empty())
        curves += fmt::format(
            ", {0} using 1:2 with points pt 7 ps 1.1 lc rgb '#ffffff' notitle"
            ", {0} using 1:2 with points pt 6 ps 0.9 lw 2 lc rgb '#202020' title 'start'",
            points_of(data, plot.starts));
    if (!plot.minima.empty())
        curves += fmt::format(
            ", {0} using 1:2 with points pt 2 ps 1 lw 4 lc rgb '#ffffff' notitle"
            ", {0} using 1:2 with points pt 2 ps 1 lw 2 lc rgb '#202020' title 'minimum'",
            points_of(data, plot.minima));
    draw(path, map_size, script + curves + "\n", data);
}

}  // namespace ravine
