#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/lab/report/contender_table.hpp"
#include "ravine/lab/report/study_sections.hpp"
#include "ravine/lab/statistics/paired.hpp"
#include "ravine/lab/statistics/statistics.hpp"

namespace ravine {
namespace {

std::string column_of(const std::string& measure) {
    return measure == "final_train_loss" ? "train_loss" : measure;  // as trials.csv calls it
}

/// A dot a seed of one measure; no rows where no trial has it.
Figure strip_figure(const StudyData& data, const std::string& measure, const std::string& title) {
    const Unit unit = unit_of(measure);
    Figure figure{.id = "strip-" + measure,
                  .title = title,
                  .caption = "A mark for each seed; the bar is the mean. Right: mean ± standard deviation.",
                  .source = "trials.csv",
                  .layout = FigureLayout::strips,
                  .series = data.series(),
                  .columns = {{"seed", "Seed"}, {"value", title, unit}, {"mean", "Mean", unit}},
                  .x = {"value", "mean"}};
    std::vector<std::vector<double>> values(data.contenders.size());
    for (int64_t row = 0; row < data.trials.size(); ++row) {
        const auto c = data.contender(data.trials.text(row, "contender"));
        const double value = data.trials.number(row, column_of(measure));
        if (!c || !std::isfinite(value)) continue;
        values[*c].push_back(value);
        figure.rows.push_back(
            {static_cast<double>(*c), data.trials.number(row, "seed"), value, std::nan("")});
    }
    std::vector<double> all;
    for (size_t c = 0; c < values.size(); ++c) {
        const Summary s = summarize(values[c]);
        std::string note = mean_text(s.mean, s.deviation, unit);
        if (const int64_t diverged = data.diverged(c); diverged > 0)
            note += fmt::format(", {} diverged", diverged);
        figure.description += fmt::format("{}: {}. ", data.contenders[c], note);
        figure.series.notes.push_back(note);
        if (s.count > 0) figure.rows.push_back({static_cast<double>(c), std::nan(""), std::nan(""), s.mean});
        all.insert(all.end(), values[c].begin(), values[c].end());
    }
    if (all.empty()) figure.rows.clear();
    if (unit == Unit::number) figure.y_scale = natural_scale(all);
    return figure;
}

/// The contenders from the best to the worst: those that diverged least often first, then by the mean.
std::vector<size_t> ranking(const StudyData& data, const std::string& measure) {
    std::vector<size_t> order;
    for (size_t c = 0; c < data.contenders.size(); ++c)
        if (std::isfinite(data.summary_of(c, measure, "mean"))) order.push_back(c);
    std::ranges::stable_sort(order, [&](size_t a, size_t b) {
        if (data.diverged(a) != data.diverged(b)) return data.diverged(a) < data.diverged(b);
        const double x = data.summary_of(a, measure, "mean"), y = data.summary_of(b, measure, "mean");
        return data.higher_is_better ? x > y : x < y;
    });
    return order;
}

/// What the tests say about the winner.
std::string significance(const StudyData& data, size_t winner, const std::string& measure) {
    constexpr auto test = "(Wilcoxon's signed-rank test, paired by seed, Holm-adjusted, 5 % level)";
    if (data.contenders[winner] != data.reference) {
        const int64_t row = data.comparison_of(winner, measure);
        if (row < 0) return {};
        const std::string verdict = data.comparisons.text(row, "verdict");
        const Unit unit = unit_of(measure);
        const auto number = [&](const char* column) { return data.comparisons.number(row, column); };
        std::string difference;
        if (std::isfinite(number("ci_low")) || std::isfinite(number("ci_high")))
            difference =
                fmt::format("difference {}{}, 95 % interval {} to {}; ",
                            signed_text(number("difference"), unit), unit == Unit::share ? " points" : "",
                            signed_text(number("ci_low"), unit), signed_text(number("ci_high"), unit));
        return fmt::format(" Beside the reference, {}, that is {}: {}p = {} {}.", data.reference,
                           verdict == "better"  ? "significantly better"
                           : verdict == "worse" ? "significantly worse, seed by seed"
                                                : "no difference that could be shown",
                           difference, p_text(number("p_adjusted")), test);
    }
    std::vector<std::string> beaten, level;
    for (size_t c = 0; c < data.contenders.size(); ++c)
        if (const int64_t row = data.comparison_of(c, measure); row >= 0)
            (data.comparisons.text(row, "verdict") == "worse" ? beaten : level).push_back(data.contenders[c]);
    std::string text;
    if (!beaten.empty()) text += fmt::format("significantly better than {}", enumeration(beaten));
    if (!level.empty())
        text += fmt::format("{}no difference could be shown from {}", text.empty() ? "" : "; ",
                            enumeration(level));
    return text.empty() ? "" : fmt::format(" It is the reference: {} {}.", text, test);
}

/// Keeps "39.00 %" and "(p 0.002)" on one line.
std::string unbroken(std::string text) {
    for (const auto& [with_space, glued] :
         std::vector<std::pair<std::string, std::string>>{{" %", "\u00a0%"}, {"(p ", "(p\u00a0"}})
        for (size_t at = text.find(with_space); at != std::string::npos; at = text.find(with_space, at))
            text.replace(at, with_space.size(), glued);
    return text;
}

}  // namespace

ReportSection headline_section(const StudyData& data) {
    ReportSection section{.title = "Result", .blocks = {}};
    const std::string measure = "final_" + data.metric;
    const auto order = ranking(data, measure);
    if (order.empty()) {
        section.blocks.emplace_back(Headline{"No trial ended with a " + metric_words(data.metric) + "."});
    } else {
        const size_t winner = order.front();
        const auto summary = [&](const char* column) { return data.summary_of(winner, measure, column); };
        section.blocks.emplace_back(Headline{fmt::format(
            "{}{}: {} {} after the last epoch (mean ± standard deviation over {} seeds).{}",
            data.contenders[winner], data.contenders.size() > 1 ? " did best" : "", metric_words(data.metric),
            mean_text(summary("mean"), summary("deviation"), unit_of(data.metric)), summary("n"),
            significance(data, winner, measure))});
    }
    if (const size_t seeds = data.seeds.size();
        seeds < static_cast<size_t>(Shift::fewest_pairs) && data.contenders.size() > 1)
        section.blocks.emplace_back(Paragraph{fmt::format(
            "{} seed{} cannot show a difference at the 5 % level: the smallest p that the test can give is "
            "{:.3g}, and there is no 95 % interval from fewer than {} pairs.",
            seeds, seeds == 1 ? "" : "s", std::pow(2.0, 1 - static_cast<double>(seeds)),
            Shift::fewest_pairs)});
    if (const auto missing = data.description.find("missing_trials");
        missing != data.description.end() && missing->is_number_unsigned() && *missing > 0)
        section.blocks.emplace_back(
            Paragraph{fmt::format("The study was interrupted: {} trials are missing.", missing->dump())});
    if (const auto notes = data.description.find("notes");
        notes != data.description.end() && notes->is_array())
        for (const auto& note : *notes)
            if (note.is_string()) section.blocks.emplace_back(Paragraph{"Note: " + note.get<std::string>()});
    return section;
}

ReportSection claims_section(const StudyData& data) {
    ReportSection section{.title = "Claims", .blocks = {}};
    if (data.claims.size() == 0) return section;
    ReportTable table{.caption = "What the paper says, and what was measured here", .header = {}, .rows = {}};
    table.rows.resize(static_cast<size_t>(data.claims.size()));
    for (const auto& [column, title] :
         std::vector<std::pair<const char*, const char*>>{{"claim", "Claim"},
                                                          {"verdict", "Verdict"},
                                                          {"paper", "Paper"},
                                                          {"measured", "Measured"},
                                                          {"note", "Note"}}) {
        if (!data.claims.has(column)) continue;
        table.header.emplace_back(title);
        for (int64_t row = 0; row < data.claims.size(); ++row)
            table.rows[static_cast<size_t>(row)].push_back(unbroken(data.claims.text(row, column)));
    }
    section.blocks.emplace_back(std::move(table));
    return section;
}

ReportSection outcomes_section(const StudyData& data) {
    ReportSection section{.title = "Outcomes", .blocks = {}};
    const std::string measure = "final_" + data.metric;
    ContenderTable table(data, fmt::format("Mean ± standard deviation over {} seed{}", data.seeds.size(),
                                           data.seeds.size() == 1 ? "" : "s"));
    table.add_tuned();
    table.add_spread(measure, "Final " + metric_words(data.metric));
    table.add_comparison(measure);
    table.add_spread("best_" + data.metric, "Best");
    table.add_spread("final_test_accuracy", "Test accuracy");
    table.add_spread("test_rmse", "Test RMSE");
    table.add_missed();
    table.add_diverged();
    section.blocks.emplace_back(table.table());
    std::string note = "Final and best: after the last and after the best epoch.";
    if (data.comparisons.size() > 0)
        note += fmt::format(
            " Difference, p and effect: the final score beside that of the reference, {}, seed by seed (the "
            "Hodges-Lehmann estimate with its exact interval; Wilcoxon's signed-rank test, exact and "
            "two-sided, Holm-adjusted over the table; the effect is "
            "the rank-biserial correlation, positive where the contender is better).",
            data.reference);
    section.blocks.emplace_back(Paragraph{note});

    for (const auto& [name, title] : std::vector<std::pair<std::string, std::string>>{
             {measure, "Final " + metric_words(data.metric)},
             {"best_" + data.metric, "Best " + metric_words(data.metric)},
             {"final_test_accuracy", "Test accuracy"},
             {"test_rmse", "Test root mean squared error"}}) {
        Figure figure = strip_figure(data, name, title);
        if (!figure.rows.empty()) section.blocks.emplace_back(std::move(figure));
    }
    return section;
}

}  // namespace ravine
