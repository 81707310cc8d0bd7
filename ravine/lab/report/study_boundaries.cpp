#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "ravine/lab/report/study_sections.hpp"

namespace ravine {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t most_points = 300;  // more hide the map

/// Class names: numbers in their order, then the rest as text.
std::vector<std::string> class_names(const CsvRows& boundary, const CsvRows& points) {
    std::set<std::string> names;
    for (const CsvRows* rows : {&boundary, &points})
        for (int64_t row = 0; row < rows->size(); ++row) names.insert(rows->text(row, "class"));
    std::vector<std::string> sorted(names.begin(), names.end());
    std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) {
        return a.size() != b.size() && a.find_first_not_of("0123456789") == std::string::npos &&
                       b.find_first_not_of("0123456789") == std::string::npos
                   ? a.size() < b.size()
                   : a < b;
    });
    return sorted;
}

double place_of(const std::vector<std::string>& names, const std::string& name) {
    return static_cast<double>(std::ranges::find(names, name) - names.begin());
}

/// A grid's cells, whose centres boundary.csv holds, by height and then along it.
using Cells = std::map<double, std::map<double, double>>;

/// The lower edge of the cell at each centre, and last the upper edge of the last one. Neighbours share an
/// edge to the last bit, or a line of the page would show between them.
std::map<double, double> lower_edges(const std::set<double>& centres) {
    std::map<double, double> edges;
    const double half = centres.size() < 2 ? 0.5
                                           : 0.5 * (*centres.rbegin() - *centres.begin()) /
                                                 static_cast<double>(centres.size() - 1);
    double before = *centres.begin() - 2 * half;
    for (const double centre : centres) {
        edges[centre] = 0.5 * (before + centre);
        before = centre;
    }
    edges[std::numeric_limits<double>::infinity()] = before + half;
    return edges;
}

/// Neighbouring cells of one class in a row of the grid become one rectangle.
void add_rectangles(Figure& figure, const Cells& cells) {
    std::set<double> x, y;
    for (const auto& [height, row] : cells) {
        y.insert(height);
        for (const auto& [along, label] : row) x.insert(along);
    }
    if (cells.empty()) return;
    const auto across = lower_edges(x), up = lower_edges(y);
    for (const auto& [height, row] : cells) {
        const double bottom = up.at(height), top = up.upper_bound(height)->second;
        for (auto at = row.begin(); at != row.end();) {
            const auto begin = at;
            double end = at->first;
            for (; at != row.end() && at->second == begin->second; ++at) end = at->first;
            figure.rows.push_back({begin->second, across.at(begin->first), across.upper_bound(end)->second,
                                   bottom, top, none, none});
        }
    }
}

void add_points(Figure& figure, const CsvRows& points) {
    std::vector<int64_t> training;
    for (int64_t row = 0; row < points.size(); ++row)
        if (points.text(row, "part") == "training") training.push_back(row);
    const auto count = static_cast<int64_t>(training.size());
    for (int64_t i = 0; i < std::min(count, most_points); ++i) {
        const int64_t row = training[static_cast<size_t>(count <= most_points ? i : i * count / most_points)];
        figure.rows.push_back({place_of(figure.series.names, points.text(row, "class")), none, none, none,
                               none, points.number(row, "x0"), points.number(row, "x1")});
    }
}

}  // namespace

std::vector<ReportBlock> boundary_figures(const CsvRows& boundary, const CsvRows& points) {
    const auto names = class_names(boundary, points);
    std::vector<std::string> titles;  // in the order of the file
    std::map<std::string, Cells> maps;
    for (int64_t row = 0; row < boundary.size(); ++row) {
        const std::string title =
            fmt::format("{}, seed {}", boundary.text(row, "contender"), boundary.text(row, "seed"));
        if (!maps.contains(title)) titles.push_back(title);
        const double x = boundary.number(row, "x0"), y = boundary.number(row, "x1");
        if (std::isfinite(x) && std::isfinite(y))
            maps[title][y][x] = place_of(names, boundary.text(row, "class"));
    }
    std::vector<ReportBlock> blocks;
    for (const auto& title : titles) {
        Figure figure{.id = fmt::format("boundary-{}", blocks.size()),
                      .title = title,
                      .caption = "Areas: the predicted class. Points: training examples and their classes.",
                      .description = fmt::format("The plane, coloured by the predicted one of {} classes.",
                                                 names.size()),
                      .source = "boundary.csv and points.csv",
                      .layout = FigureLayout::map,
                      .series = {.group = "classes", .names = names, .notes = {}},
                      .columns = {{"left", "x0 from"},
                                  {"right", "x0 to"},
                                  {"bottom", "x1 from"},
                                  {"top", "x1 to"},
                                  {"x0", "x0"},
                                  {"x1", "x1"}},
                      .x = {"x0"},
                      .marks = {{MarkKind::cells, {"left", "right", "bottom", "top"}},
                                {MarkKind::points, {"x0", "x1"}}}};
        add_rectangles(figure, maps[title]);
        add_points(figure, points);
        blocks.emplace_back(std::move(figure));
    }
    return blocks;
}

ReportSection boundaries_section(const StudyData& data) {
    ReportSection section{.title = "Decision boundaries",
                          .blocks = boundary_figures(data.boundary, data.points)};
    if (section.blocks.empty()) return section;
    std::set<std::string> drawn;
    for (int64_t row = 0; row < data.boundary.size(); ++row)
        drawn.insert(data.boundary.text(row, "contender"));
    std::vector<std::string> others;
    for (const auto& label : data.contenders)
        if (!drawn.contains(label)) others.push_back(label);
    std::string text = fmt::format("Each contender at the first seed, {}.", data.boundary.text(0, "seed"));
    if (!others.empty()) text += fmt::format(" None for {}: diverged or missing there.", enumeration(others));
    section.blocks.emplace(section.blocks.begin(), Paragraph{text});
    return section;
}

}  // namespace ravine
