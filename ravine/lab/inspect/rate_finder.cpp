#include "ravine/lab/inspect/rate_finder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "ravine/lab/draw/plot.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/names/text_table.hpp"

namespace ravine {
namespace {

/// The settings that a sweep has no use for, at what they are without one. Returns those that were given; the
/// schedule, which has a default, is none of them.
std::vector<std::string> leave_out(Experiment& experiment) {
    const Experiment usual;
    std::vector<std::string> given;
    for (std::string Experiment::*setting :
         {&Experiment::rate, &Experiment::targets, &Experiment::gate, &Experiment::anneal,
          &Experiment::curriculum, &Experiment::stop, &Experiment::average}) {
        if (experiment.*setting != usual.*setting) given.push_back(experiment.*setting);
        experiment.*setting = usual.*setting;
    }
    experiment.schedule = "constant";
    return given;
}

std::string mark_of(const RateSuggestion& found, double rate) {
    std::string mark;
    if (rate == found.lowest) mark = "lowest";
    if (rate == found.steepest) mark = mark.empty() ? "steepest" : "lowest, steepest";
    return mark;
}

/// A line across the chart at a rate.
Series upright(const std::string& name, double rate, double low, double high) {
    return {.name = fmt::format("{} {:.2g}", name, rate), .x = {rate, rate}, .y = {low, high}};
}

nlohmann::ordered_json number_or_null(std::optional<double> value) {
    return value && std::isfinite(*value) ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

std::string name_of_end(SweepEnd end) {
    switch (end) {
        case SweepEnd::swept:
            return "swept";
        case SweepEnd::exploded:
            return "exploded";
        case SweepEnd::not_finite:
            return "not_finite";
        default:
            return "interrupted";
    }
}

}  // namespace

RateFinding find_rate(Experiment experiment, const RateSweepOptions& options, const Say& say,
                      const std::function<void(double)>& progress) {
    check_rate_sweep(options);
    check_names(experiment);
    if (const auto given = leave_out(experiment); !given.empty())
        say(fmt::format("note: left out of the sweep: {}", fmt::join(given, ", ")));
    const Run run(experiment, say);
    RateFinding finding{.title = fmt::format("{} on {} with {}", model_label(experiment.model),
                                             experiment.dataset, experiment.optimizer),
                        .sweep = sweep_rates(run.training(), options, progress),
                        .suggestion = {}};
    finding.suggestion = suggest_rate(finding.sweep);
    return finding;
}

std::string rate_table(const RateFinding& finding, size_t most) {
    const auto& rows = finding.sweep.rows;
    const auto every = std::max<size_t>(1, (rows.size() + most - 1) / most);
    std::vector<std::vector<std::string>> lines;
    for (size_t i = 0; i < rows.size(); ++i) {
        const std::string mark = mark_of(finding.suggestion, rows[i].rate);
        if (i % every != 0 && i + 1 != rows.size() && mark.empty()) continue;
        lines.push_back({fmt::format("{:.3g}", rows[i].rate), fmt::format("{:.5g}", rows[i].loss),
                         std::isfinite(rows[i].smoothed) ? fmt::format("{:.5g}", rows[i].smoothed) : "-",
                         mark});
    }
    return text_table({"rate", "loss", "smoothed", ""}, lines);
}

std::string end_of_sweep(const RateSweep& sweep) {
    const double last = sweep.rows.empty() ? 0 : sweep.rows.back().rate;
    switch (sweep.end) {
        case SweepEnd::swept:
            return fmt::format("swept all rates to {:.3g}", last);
        case SweepEnd::exploded:
            return fmt::format("the loss exploded at {:.3g}", last);
        case SweepEnd::not_finite:
            return fmt::format("the loss or its gradient is not finite at {:.3g}", last);
        default:
            return fmt::format("interrupted after {} updates", sweep.rows.size());
    }
}

std::string rate_csv(const RateSweep& sweep) {
    std::string csv = "rate,loss,smoothed\n";
    for (const auto& row : sweep.rows)
        csv += csv_line(row.rate, std::isfinite(row.loss) ? row.loss : std::nan(""), row.smoothed);
    return csv;
}

nlohmann::ordered_json rate_json(const RateFinding& finding) {
    const RateSuggestion& found = finding.suggestion;
    nlohmann::ordered_json json{{"title", finding.title},
                                {"suggestion", number_or_null(found.rate)},
                                {"reason", found.reason},
                                {"steepest", number_or_null(found.steepest)},
                                {"lowest", number_or_null(found.lowest)},
                                {"end", name_of_end(finding.sweep.end)},
                                {"rates", nlohmann::ordered_json::array()},
                                {"losses", nlohmann::ordered_json::array()},
                                {"smoothed", nlohmann::ordered_json::array()}};
    for (const auto& row : finding.sweep.rows) {
        json["rates"].push_back(row.rate);
        json["losses"].push_back(number_or_null(row.loss));
        json["smoothed"].push_back(number_or_null(row.smoothed));
    }
    return json;
}

void draw_rates(const std::filesystem::path& path, const RateFinding& finding) {
    const auto& rows = finding.sweep.rows;
    const RateSuggestion& found = finding.suggestion;
    // Up to twice as far above where the loss began as it fell below: what exploded has no end.
    double low = undefined_scores.loss, high = low;
    for (const auto& row : rows) {
        low = std::fmin(low, std::isfinite(row.loss) ? std::min(row.loss, row.smoothed) : row.smoothed);
        if (std::isfinite(row.loss)) high = std::fmax(high, row.loss);
    }
    if (!rows.empty()) high = std::min(high, rows[0].loss + 2 * std::max(rows[0].loss - low, 1e-3));
    Chart chart{.title = finding.title, .x_label = "learning rate", .y_label = "loss", .log_x = true};
    Series loss{.name = "batch"}, smoothed{.name = "smoothed"};
    for (const auto& row : rows) {
        loss.x.push_back(row.rate);
        loss.y.push_back(std::isfinite(row.loss) ? std::min(row.loss, high) : row.loss);
        smoothed.x.push_back(row.rate);
        smoothed.y.push_back(std::isfinite(row.smoothed) ? std::min(row.smoothed, high) : row.smoothed);
    }
    chart.series = {std::move(loss), std::move(smoothed)};
    if (found.rate) chart.series.push_back(upright("suggested", *found.rate, low, high));
    if (found.lowest && found.rate != found.lowest)
        chart.series.push_back(upright("lowest", *found.lowest, low, high));
    if (found.burst) chart.series.push_back(upright("exploded", *found.burst, low, high));
    write_chart(path, chart);
}

}  // namespace ravine
