#include "ravine/lab/draw/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/lab/draw/gnuplot.hpp"
#include "ravine/lab/draw/plot_style.hpp"

namespace ravine {
namespace {

/// More points than a picture has pixels only make the file large.
constexpr size_t buckets = 1000;

struct Points {
    std::vector<double> x, y;
};

/// gnuplot takes what is near the ends of double for undefined, and needs room for its tics: what lies beyond
/// these is drawn on them.
constexpr double largest_drawn = 1e300, smallest_drawn = 1e-300;

double drawable(double value, bool logarithmic) {
    if (!std::isfinite(value) || (logarithmic && !(value > 0)))
        return std::numeric_limits<double>::quiet_NaN();
    return logarithmic ? std::clamp(value, smallest_drawn, largest_drawn)
                       : std::clamp(value, -largest_drawn, largest_drawn);
}

/// The series, thinned out to the extremes of each of `buckets` runs of points, so that no spike is lost.
Points points_of(const Series& series, const Chart& chart) {
    require(series.x.size() == series.y.size(), "series '{}': {} x and {} y", series.name, series.x.size(),
            series.y.size());
    Points points;
    const auto keep = [&](size_t i) {
        points.x.push_back(drawable(series.x[i], chart.log_x));
        points.y.push_back(drawable(series.y[i], chart.log_y && !series.on_right));
    };
    const size_t n = series.x.size();
    if (n <= 3 * buckets) {
        for (size_t i = 0; i < n; ++i) keep(i);
        return points;
    }
    for (size_t b = 0; b < buckets; ++b) {
        const size_t begin = n * b / buckets, end = n * (b + 1) / buckets;
        size_t low = begin, high = begin;
        for (size_t i = begin; i < end; ++i) {
            if (!(series.y[i] >= series.y[low])) low = i;
            if (!(series.y[i] <= series.y[high])) high = i;
        }
        keep(begin);
        if (low != begin) keep(std::min(low, high));
        if (high != low) keep(std::max(low, high));
    }
    keep(n - 1);
    return points;
}

struct Extent {
    double low = std::numeric_limits<double>::infinity(), high = -low;

    void include(const std::vector<double>& values) {
        for (const double v : values) {
            if (std::isnan(v)) continue;
            low = std::min(low, v);
            high = std::max(high, v);
        }
    }
    bool is_empty() const { return low > high; }
};

/// Range, scale and tics of one axis. An axis of one value would be refused or drawn askew.
std::string axis(const std::string& name, const std::string& label, Extent extent, bool logarithmic) {
    std::string text =
        fmt::format("set {}label {} noenhanced offset 0,0.3 tc rgb '#303030'\nunset logscale {}\n", name,
                    gnuplot_quoted(label), name);
    if (extent.is_empty()) return text + fmt::format("set {}range [0:1]\nset format {} '%g'\n", name, name);
    if (logarithmic) {
        // Over less than three decades powers of ten are too few to read a number off.
        const bool wide = extent.high / extent.low >= 1e3;
        text += fmt::format("set logscale {}\nset format {} {}\n", name, name, wide ? "'10^{%T}'" : "'%g'");
        if (extent.low == extent.high)
            return text + fmt::format("set {}range [{}:{}]\n", name, extent.low / 2, extent.high * 2);
        return text + fmt::format("set {}range [*:*]\n", name);
    }
    // Where rounding shows there is one value, too.
    if (extent.high - extent.low <= 1e-14 * std::max(std::abs(extent.low), std::abs(extent.high))) {
        const double margin = extent.low == 0 ? 1 : std::abs(extent.low);
        return text + fmt::format("set format {} '%g'\nset {}range [{}:{}]\n", name, name,
                                  extent.low - margin, extent.high + margin);
    }
    text += tics_for(name, extent.low, extent.high);
    // Counts of updates begin at 0 even where the first point does not.
    const bool counts = name == "x" && extent.low > 0 && extent.low < 0.25 * extent.high;
    return text + fmt::format("set {}range [{}:*]\n", name, counts ? "0" : "*");
}

/// The commands that draw the chart; its numbers are added to `data`.
std::string chart_script(const Chart& chart, PictureData& data) {
    std::string plots;
    Extent x, left, right;
    for (size_t i = 0; i < chart.series.size(); ++i) {
        const Series& series = chart.series[i];
        const Points points = points_of(series, chart);
        for (size_t k = 0; k < points.x.size(); ++k) {
            if (std::isnan(points.x[k]) || std::isnan(points.y[k])) continue;
            x.include({points.x[k]});
            (series.on_right ? right : left).include({points.y[k]});
        }
        const std::array<std::span<const double>, 2> columns{points.x, points.y};
        // A line through one point cannot be seen.
        const std::string style = points.x.size() == 1 ? "points pt 7 ps 0.6" : "lines lw 2";
        plots += fmt::format("{}{} using 1:2 axes {} with {} dt {} lc rgb '{}' {}", i == 0 ? "" : ", ",
                             data.columns(columns), series.on_right ? "x1y2" : "x1y1", style, plot_dash(i),
                             plot_colour(i),
                             series.name.empty() ? "notitle" : "title " + gnuplot_quoted(series.name));
    }
    std::string script =
        fmt::format("set title {} noenhanced font ',15' tc rgb '#202020'\n", gnuplot_quoted(chart.title));
    script += axis("x", chart.x_label, x, chart.log_x) + axis("y", chart.y_label, left, chart.log_y);
    // What is set for one chart of several holds for the next.
    script += right.is_empty() ? "set border 3\nunset y2tics\nunset y2label\n"
                               : "set border 11\nset y2tics\n" + axis("y2", chart.right_label, right, false);
    if (x.is_empty())
        return script +
               "set label 99 'no data' at graph 0.5,0.5 center tc rgb '#808080'\n"
               "plot NaN notitle\nunset label 99\n";
    return script + "plot " + plots + "\n";
}

}  // namespace

void write_chart(const std::filesystem::path& path, const Chart& chart) {
    PictureData data;
    const std::string script = chart_script(chart, data);
    draw(path, {720, 440}, script, data);
}

void write_charts(const std::filesystem::path& path, const std::vector<Chart>& charts) {
    require(!charts.empty(), "no charts to draw");
    const int n = static_cast<int>(charts.size());
    const int columns = std::min(n, n == 4 ? 2 : 3), rows = (n + columns - 1) / columns;
    PictureData data;
    std::string script = fmt::format("set multiplot layout {},{}\n", rows, columns);
    for (const auto& chart : charts) script += chart_script(chart, data);
    draw(path, {440 * columns, 340 * rows}, script + "unset multiplot\n", data);
}

}  // namespace ravine
