#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/lab/report/spread.hpp"
#include "ravine/lab/report/study_sections.hpp"

namespace ravine {
namespace {

/// A curve a contender of one column of a CSV file, with mean and band over the seeds.
struct SpreadFigure {
    std::string id, title, column;
    std::string source;
    std::string place;               ///< the column by which seeds are put together: "epoch"
    std::vector<FigureColumn> axes;  ///< the columns of the horizontal axes
    size_t contenders = SIZE_MAX;    ///< so many, the first ones
    std::string label = {};          ///< of the vertical axis; empty: the title
};

/// "4 curves over epoch. At the end: adam 97.92 %, sgd ..."
std::string description_of(const Figure& figure) {
    std::string ends;
    for (size_t s = 0; s < figure.series.names.size(); ++s) {
        const std::vector<double>* last = nullptr;
        for (const auto& row : figure.rows)
            if (static_cast<size_t>(row[0]) == s) last = &row;
        if (last == nullptr) continue;
        const double mean = (*last)[last->size() - 3];
        ends += fmt::format("{}{} {}", ends.empty() ? "" : ", ", figure.series.names[s],
                            value_text(mean, figure.y_unit));
    }
    return fmt::format("{} over {}, a curve for each contender. Mean at the end: {}.", figure.y_label,
                       metric_words(figure.x.front()), ends);
}

/// Empty rows where no trial has the column.
Figure spread_figure(const StudyData& data, const CsvRows& rows, const SpreadFigure& wanted) {
    Figure figure{.id = wanted.id,
                  .title = wanted.title,
                  .source = wanted.source,
                  .series = data.series(),
                  .columns = wanted.axes,
                  .y_label = capitalized(wanted.label.empty() ? wanted.title : wanted.label),
                  .y_unit = unit_of(wanted.column)};
    for (const auto& axis : wanted.axes)
        if (rows.has(axis.name)) figure.x.push_back(axis.name);
    const Unit unit = figure.y_unit;
    for (const auto& column : std::vector<FigureColumn>{{"seeds", "Seeds", Unit::number},
                                                        {"mean", "Mean", unit},
                                                        {"low", "Smallest", unit},
                                                        {"high", "Largest", unit}})
        figure.columns.push_back(column);
    std::vector<SpreadCurve> curves(data.contenders.size(), SpreadCurve(wanted.axes.size()));
    for (int64_t row = 0; row < rows.size(); ++row) {
        const auto c = data.contender(rows.text(row, "contender"));
        const double place = rows.number(row, wanted.place);
        if (!c || *c >= wanted.contenders || std::isnan(place)) continue;
        std::vector<double> axes;
        for (const auto& axis : wanted.axes) axes.push_back(rows.number(row, axis.name));
        curves[*c].add(std::llround(place), axes, rows.number(row, wanted.column));
    }
    std::vector<double> all, largest;
    bool is_thinned = false;
    for (size_t c = 0; c < curves.size(); ++c) {
        is_thinned |= curves[c].size() > most_points_of_curve;
        std::vector<double> highs;
        for (auto& row : curves[c].rows(c, most_points_of_curve)) {
            all.insert(all.end(), row.end() - 3, row.end());
            highs.push_back(row.back());
            figure.rows.push_back(std::move(row));
        }
        if (!highs.empty()) largest.push_back(*std::ranges::max_element(highs));
    }
    if (figure.rows.empty()) return figure;  // of a study that was interrupted before its first trial ended
    // A rate that a schedule takes to nothing is no reason for a logarithmic scale.
    if (unit == Unit::number)
        figure.y_scale = natural_scale(wanted.column == "learning_rate" ? largest : all);
    figure.marks = {{MarkKind::band, {"low", "high"}}, {MarkKind::line, {"mean"}}};
    figure.caption = "Line: mean over the seeds that still train; band: smallest to largest seed.";
    if (is_thinned)
        figure.caption +=
            fmt::format(" At most {} points a curve; neighbours are averaged.", most_points_of_curve);
    figure.description = description_of(figure);
    return figure;
}

void add(ReportSection& section, Figure figure) {
    if (!figure.rows.empty()) section.blocks.emplace_back(std::move(figure));
}

}  // namespace

ReportSection curves_section(const StudyData& data) {
    ReportSection section{.title = "Learning curves", .blocks = {}};
    std::vector<std::string> columns{"validation_accuracy", "validation_loss", "train_loss",
                                     "train_accuracy"};
    // The metric of the study first.
    std::stable_partition(columns.begin(), columns.end(),
                          [&](const auto& column) { return column == data.metric; });
    for (const auto& column : columns) {
        const std::string words =
            column.starts_with("train") ? "training" + metric_words(column).substr(5) : metric_words(column);
        Figure figure = spread_figure(data, data.curves,
                                      {.id = "curve-" + column,
                                       .title = capitalized(words),
                                       .column = column,
                                       .source = "curves.csv",
                                       .place = "epoch",
                                       .axes = {{"epoch", "Epoch"},
                                                {"step", "Updates"},
                                                {"work", "Work (forward passes)"},
                                                {"seconds", "Seconds"}}});
        if (column == data.metric && data.target)
            figure.rules.push_back({*data.target, "target " + value_text(*data.target, unit_of(column))});
        add(section, std::move(figure));
    }
    return section;
}

ReportSection first_order_section(const StudyData& data) {
    ReportSection section{.title = "The paper's figures", .blocks = {}};
    if (data.text("kind") != "first-order") return section;
    section.blocks.emplace_back(Paragraph{
        "Figures 10 to 15 of the paper, drawn from the runs of this study: three methods, then five."});
    struct PaperFigure {
        int number;
        const char *column, *title;
    };
    for (const size_t contenders : {3, 5}) {
        const int first = contenders == 3 ? 10 : 13;
        for (const auto& [number, column, title] :
             {PaperFigure{first, "train_loss", "training loss of a batch"},
              PaperFigure{first + 1, "train_accuracy", "training accuracy"},
              PaperFigure{first + 2, "validation_accuracy", "validation accuracy"}}) {
            const bool by_update = number == first;
            add(section, spread_figure(data, by_update ? data.steps : data.curves,
                                       {.id = fmt::format("paper-{}", number),
                                        .title = fmt::format("Figure {}: {}", number, title),
                                        .column = column,
                                        .source = by_update ? "steps.csv" : "curves.csv",
                                        .place = by_update ? "step" : "epoch",
                                        .axes = {by_update ? FigureColumn{"step", "Updates"}
                                                           : FigureColumn{"epoch", "Epoch"}},
                                        .contenders = contenders,
                                        .label = title}));
        }
    }
    if (section.blocks.size() == 1) section.blocks.clear();  // nothing was logged
    return section;
}

ReportSection updates_section(const StudyData& data) {
    ReportSection section{.title = "Updates", .blocks = {}};
    const auto figure = [&](const char* column, const char* title) {
        return spread_figure(data, data.steps,
                             {.id = fmt::format("update-{}", column),
                              .title = title,
                              .column = column,
                              .source = "steps.csv",
                              .place = "step",
                              .axes = {{"step", "Updates"}}});
    };
    add(section, figure("train_loss", "Training loss of a batch"));
    add(section, figure("gradient_norm", "Norm of the gradient"));
    add(section, figure("learning_rate", "Learning rate"));
    Figure temperature = figure("temperature", "Temperature");
    const auto is_one = [](const std::vector<double>& row) { return row.back() == 1 && row.end()[-2] == 1; };
    if (!std::ranges::all_of(temperature.rows, is_one)) add(section, std::move(temperature));
    return section;
}

}  // namespace ravine
