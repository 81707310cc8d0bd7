#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/lab/gnuplot.hpp"
#include "ravine/lab/plot.hpp"
#include "ravine/lab/plot_style.hpp"

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
        "set format '%g'\nunset grid\nset border 15 front\n",
        gnuplot_quoted(title), gnuplot_quoted(x_label), gnuplot_quoted(y_label), grid.x.low, grid.x.high,
        grid.y.low, grid.y.high);
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

struct Channels {
    std::vector<double> red, green, blue;

    void add(uint32_t colour) {
        red.push_back(colour >> 16);
        green.push_back((colour >> 8) & 0xff);
        blue.push_back(colour & 0xff);
    }
};

/// The block $map: a colour for each cell, drawn by "$map using 1:2:3:4:5 with rgbimage".
std::string colour_block(const Centres& centres, const Channels& channels) {
    const std::array<std::span<const double>, 5> columns{centres.x, centres.y, channels.red, channels.green,
                                                         channels.blue};
    return gnuplot_data("map", columns);
}

/// The examples of one class, as a block of their own.
std::string class_block(const DecisionMap& map, int64_t label) {
    std::vector<double> x, y;
    for (size_t i = 0; i < map.point_classes.size(); ++i) {
        if (map.point_classes[i] != label) continue;
        x.push_back(map.point_x[i]);
        y.push_back(map.point_y[i]);
    }
    if (x.empty()) x = y = {std::numeric_limits<double>::quiet_NaN()};  // so that the legend has the class
    const std::array<std::span<const double>, 2> columns{x, y};
    return gnuplot_data(fmt::format("points{}", label), columns);
}

std::string points_block(const std::string& name, const std::vector<Landmark>& landmarks) {
    std::vector<double> x, y;
    for (const auto& landmark : landmarks) {
        x.push_back(landmark.x);
        y.push_back(landmark.y);
    }
    const std::array<std::span<const double>, 2> columns{x, y};
    return gnuplot_data(name, columns);
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

/// The block $contours: lines of equal height, which gnuplot finds in the block $grid.
std::string contour_block(const Centres& centres, const std::vector<double>& height, Interval extent,
                          int64_t columns) {
    if (!(extent.high > extent.low)) return "$contours << END\nNaN NaN\nEND\n";
    const std::array<std::span<const double>, 3> grid{centres.x, centres.y, height};
    std::string levels;
    for (int i = 1; i < level_count; ++i)
        levels +=
            fmt::format("{}{}", i == 1 ? "" : ",", extent.low + (extent.high - extent.low) * i / level_count);
    return gnuplot_data("grid", grid, static_cast<size_t>(columns)) +
           "set contour base\nunset surface\nset cntrparam levels discrete " + levels +
           "\nset table $contours\nsplot $grid using 1:2:3\nunset table\nunset contour\nset surface\n";
}

/// A shade of grey-blue for each cell, in as many bands as there are contours: the darker, the lower.
Channels shades_of(const std::vector<double>& height, Interval extent) {
    Channels channels;
    for (const double h : height) {
        const bool known = std::isfinite(h) && extent.high > extent.low;
        const double depth = known ? (extent.high - h) / (extent.high - extent.low) : 0;
        const double band = std::floor(depth * level_count) / level_count;
        const auto shade = [&](double deepest) {
            return static_cast<uint32_t>(std::lround(250 - band * (250 - deepest)));
        };
        channels.add(shade(188) << 16 | shade(202) << 8 | shade(216));
    }
    return channels;
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
        result.x.push_back(path.x[i]);
        result.y.push_back(path.y[i]);
    }
    return result;
}

/// The plot commands of path i, whose block is written to `script`. `over` paths are drawn over this one,
/// which is so much wider that it shows where they coincide.
std::string path_curves(const Series& path, size_t i, size_t over, std::string& script) {
    const std::string block = fmt::format("path{}", i), colour = plot_colour(i);
    const std::array<std::span<const double>, 2> points{path.x, path.y};
    script += gnuplot_data(block, points);
    std::string curves = fmt::format(", ${} using 1:2 with lines lw {} dt {} lc rgb '{}' title {}", block,
                                     2 + 1.2 * static_cast<double>(std::min<size_t>(over, 3)), plot_dash(i),
                                     colour, gnuplot_quoted(path.name));
    // Single steps can be told apart only where they are few.
    if (path.x.size() <= 300)
        curves += fmt::format(", ${} using 1:2 with points pt 7 ps 0.3 lc rgb '{}' notitle", block, colour);
    return curves;
}

}  // namespace

void write_decision_map(const std::filesystem::path& path, const DecisionMap& map) {
    require(static_cast<int64_t>(map.classes.size()) == map.grid.size(), "decision map: {} cells, {} classes",
            map.grid.size(), map.classes.size());
    require(map.point_x.size() == map.point_y.size() && map.point_x.size() == map.point_classes.size(),
            "decision map: points without a class or coordinate");
    Channels channels;
    for (const auto c : map.classes) channels.add(tinted_plot_colour(static_cast<size_t>(c), 0.3));
    std::string script =
        colour_block(centres_of(map.grid), channels) + frame(map.title, map.x_label, map.y_label, map.grid);
    std::string plot = "plot $map using 1:2:3:4:5 with rgbimage notitle";
    for (size_t c = 0; c < map.class_names.size(); ++c) {
        script += class_block(map, static_cast<int64_t>(c));
        // White rims part points that lie on each other or on their own region.
        plot += fmt::format(
            ", $points{0} using 1:2 with points pt 7 ps 0.85 lc rgb '#ffffff' notitle"
            ", $points{0} using 1:2 with points pt 7 ps 0.6 lc rgb '{1}' title {2}",
            c, plot_colour(c), gnuplot_quoted(map.class_names[c]));
    }
    draw(path, map_size, script + plot + "\n");
}

void write_contour_paths(const std::filesystem::path& path, const ContourPaths& plot) {
    require(static_cast<int64_t>(plot.values.size()) == plot.grid.size(), "contours: {} cells, {} values",
            plot.grid.size(), plot.values.size());
    const Centres centres = centres_of(plot.grid);
    const std::vector<double> height = heights(plot.values);
    const Interval extent = extent_of(height);
    std::string script = contour_block(centres, height, extent, plot.grid.columns) +
                         colour_block(centres, shades_of(height, extent)) +
                         frame(plot.title, plot.x_label, plot.y_label, plot.grid);
    std::string curves =
        "plot $map using 1:2:3:4:5 with rgbimage notitle"
        ", $contours using 1:2 with lines lw 0.7 lc rgb '#8a97a6' notitle";
    for (size_t i = 0; i < plot.paths.size(); ++i)
        curves += path_curves(thinned(plot.paths[i], plot.grid), i, plot.paths.size() - 1 - i, script);
    if (!plot.starts.empty()) {
        script += points_block("starts", plot.starts);
        curves +=
            ", $starts using 1:2 with points pt 7 ps 1.1 lc rgb '#ffffff' notitle"
            ", $starts using 1:2 with points pt 6 ps 0.9 lw 2 lc rgb '#202020' title 'start'";
    }
    if (!plot.minima.empty()) {
        script += points_block("minima", plot.minima);
        curves +=
            ", $minima using 1:2 with points pt 2 ps 1 lw 4 lc rgb '#ffffff' notitle"
            ", $minima using 1:2 with points pt 2 ps 1 lw 2 lc rgb '#202020' title 'minimum'";
    }
    draw(path, map_size, script + curves + "\n");
}

}  // namespace ravine
