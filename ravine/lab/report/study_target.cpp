#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "ravine/lab/report/contender_table.hpp"
#include "ravine/lab/report/profile.hpp"
#include "ravine/lab/report/study_sections.hpp"

namespace ravine {
namespace {

constexpr std::array<const char*, 3> measures{"work", "seconds", "steps"};
using Sorted = std::array<std::vector<std::vector<double>>, 3>;  ///< by measure and contender, ascending

/// The costs of the target of each contender in one measure.
std::vector<CostBySeed> costs_of(const StudyData& data, const std::string& measure) {
    std::vector<CostBySeed> costs(data.contenders.size());
    for (int64_t row = 0; row < data.trials.size(); ++row) {
        const auto c = data.contender(data.trials.text(row, "contender"));
        const double cost = data.trials.number(row, "target_" + measure);
        const auto seed = data.trials.integer(row, "seed");
        if (c && std::isfinite(cost) && seed) costs[*c][*seed] = cost;
    }
    return costs;
}

/// Steps from `begin` to a little beyond the largest value of any contender: row k has the k-th smallest of
/// each measure, and the share of all seeds that is reached there.
std::vector<std::vector<double>> share_rows(const Sorted& sorted, const std::array<double, 3>& begin,
                                            size_t seeds) {
    std::array<double, 3> end = begin;
    for (size_t m = 0; m < end.size(); ++m)
        for (const auto& values : sorted[m])
            if (!values.empty()) end[m] = std::max(end[m], 1.05 * values.back());
    std::vector<std::vector<double>> rows;
    for (size_t c = 0; c < sorted[0].size(); ++c) {
        // A trial has all measures or none; a file that was tampered with may not.
        const size_t count = std::min({sorted[0][c].size(), sorted[1][c].size(), sorted[2][c].size()});
        const auto share = [&](size_t k) { return static_cast<double>(k) / static_cast<double>(seeds); };
        const auto contender = static_cast<double>(c);
        rows.push_back({contender, begin[0], begin[1], begin[2], 0});
        for (size_t k = 0; k < count; ++k)
            rows.push_back({contender, sorted[0][c][k], sorted[1][c][k], sorted[2][c][k], share(k + 1)});
        rows.push_back({contender, end[0], end[1], end[2], share(count)});
    }
    return rows;
}

std::string shares_text(const StudyData& data, const Sorted& sorted, size_t seeds) {
    std::string text;
    for (size_t c = 0; c < data.contenders.size(); ++c)
        text +=
            fmt::format("{}{} {} of {}", c == 0 ? "" : ", ", data.contenders[c], sorted[0][c].size(), seeds);
    return text;
}

Figure share_figure(const StudyData& data, const Sorted& sorted, const std::array<double, 3>& begin,
                    size_t seeds) {
    Figure figure{.source = "trials.csv",
                  .series = data.series(),
                  .rows = share_rows(sorted, begin, seeds),
                  .x = {"work", "seconds", "steps"},
                  .y_label = "Share of the seeds",
                  .y_unit = Unit::share,
                  .marks = {{MarkKind::steps, {"share"}}}};
    return figure;
}

}  // namespace

ReportSection target_section(const StudyData& data) {
    ReportSection section{.title = "Reaching the target", .blocks = {}};
    std::set<int64_t> seeds;
    for (int64_t row = 0; row < data.trials.size(); ++row)
        if (const auto seed = data.trials.integer(row, "seed")) seeds.insert(*seed);
    Sorted costs, ratios;
    std::array<double, 3> least{};
    for (size_t m = 0; m < measures.size(); ++m) {
        const auto by_seed = costs_of(data, measures[m]);
        ratios[m] = performance_ratios(by_seed);
        least[m] = std::numeric_limits<double>::infinity();
        for (const auto& contender : by_seed) {
            auto& values = costs[m].emplace_back();
            for (const auto& [seed, cost] : contender) values.push_back(cost);
            std::ranges::sort(values);
            if (!values.empty()) least[m] = std::min(least[m], values.front());
        }
    }
    if (!data.target || data.trials.size() == 0) return section;

    const std::string target =
        fmt::format("{} of {} or {}", metric_words(data.metric),
                    value_text(*data.target, unit_of(data.metric)), data.higher_is_better ? "more" : "less");
    if (!std::isfinite(least[0])) {
        section.blocks.emplace_back(Paragraph{fmt::format("No trial reached the target, a {}.", target)});
        return section;
    }
    section.blocks.emplace_back(Paragraph{fmt::format(
        "The target is a {}. Work counts {}.", target,
        data.counts_operations()
            ? "the operations that ran, over those of a forward pass of a batch"
            : "forward passes over a batch, a backward pass as two, as this study's program did")});
    ContenderTable table(data, "The cost by which half of the seeds had reached the target");
    table.add_median("target_steps", "Updates");
    table.add_median("target_seconds", "Seconds");
    table.add_median("target_work", "Work");
    table.add_missed();
    section.blocks.emplace_back(table.table());

    Figure reached = share_figure(data, costs, least, seeds.size());
    reached.id = "target-reached";
    reached.title = "Seeds that reached the target";
    reached.columns = {{"work", "Work (forward passes)"},
                       {"seconds", "Seconds"},
                       {"steps", "Updates"},
                       {"share", "Share of the seeds", Unit::share}};
    std::vector<double> all;
    for (const auto& values : costs[0]) all.insert(all.end(), values.begin(), values.end());
    reached.x_scale = natural_scale(all);
    reached.caption = "Share of the seeds that had reached the target at a cost.";
    reached.description = "Seeds that reached the target: " + shares_text(data, costs, seeds.size()) + ".";

    Figure profile = share_figure(data, ratios, {1, 1, 1}, seeds.size());
    profile.id = "target-profile";
    profile.title = "Performance profile";
    profile.columns = {{"work", "Work, times the best"},
                       {"seconds", "Seconds, times the best"},
                       {"steps", "Updates, times the best"},
                       {"share", "Share of the seeds", Unit::share}};
    profile.x_scale = Scale::logarithmic;
    profile.caption =
        "Share of the seeds at which a contender reached the target within a factor of the cost of the "
        "contender that was cheapest at that seed (Dolan and Moré 2002). Further to the upper left is "
        "better; at 1 stands how often a contender was the cheapest.";
    std::string first;
    for (size_t c = 0; c < data.contenders.size(); ++c)
        first += fmt::format("{}{} {} of {}", c == 0 ? "" : ", ", data.contenders[c],
                             std::ranges::count(ratios[0][c], 1.0), seeds.size());
    profile.description = "Seeds at which a contender needed the least work: " + first + ".";
    section.blocks.emplace_back(std::move(reached));
    section.blocks.emplace_back(std::move(profile));
    return section;
}

}  // namespace ravine
