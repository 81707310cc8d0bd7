#include "ravine/lab/study/study_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/lab/names/text_table.hpp"
#include "ravine/lab/study/comparison.hpp"
#include "ravine/lab/study/difference_text.hpp"

namespace ravine {
namespace {

/// "97.35 ± 0.42 %" for shares, "0.1234 ± 0.0042" for other numbers; "-" for nothing.
std::string spread_text(const Summary& s, bool is_share) {
    if (s.count == 0) return "-";
    const double factor = is_share ? 100 : 1;
    const auto text = [&](double x) {
        return is_share ? fmt::format("{:.2f}", factor * x) : fmt::format("{:.4g}", x);
    };
    std::string result = text(s.mean);
    if (std::isfinite(s.deviation))
        result += " ± " + (is_share ? text(s.deviation) : fmt::format("{:.2g}", s.deviation));
    return result + (is_share ? " %" : "");
}

/// What a table's columns are made from.
class Table {
public:
    explicit Table(const StudyResult& result) : result_(result), summaries_(summaries(result)) {
        rows_.resize(result.plan.contenders.size());
        for (size_t c = 0; c < rows_.size(); ++c) rows_[c].push_back(result.plan.contenders[c].label);
    }

    void add_tuned() {
        header_.push_back(result_.plan.options.tune);
        for (size_t c = 0; c < rows_.size(); ++c) rows_[c].push_back(result_.tuned[c]);
    }

    /// Mean and deviation of a measure; nothing where no trial has it.
    void add_spread(const std::string& measure, const std::string& title) {
        if (!find(0, measure)) return;
        header_.push_back(title);
        for (size_t c = 0; c < rows_.size(); ++c)
            rows_[c].push_back(spread_text(find(c, measure)->summary, measure.ends_with("accuracy")));
    }

    void add_median(const std::string& measure, const std::string& title) {
        header_.push_back(title);
        for (size_t c = 0; c < rows_.size(); ++c) {
            const MeasureSummary* found = find(c, measure);  // nothing where every trial diverged
            rows_[c].push_back(!found || std::isnan(found->summary.median) ? "-"
                               : std::isinf(found->summary.median)
                                   ? "never"
                                   : fmt::format("{:.4g}", found->summary.median));
        }
    }

    /// "3 of 10" trials to which something happened; nothing where it happened to none.
    template <class Happened>
    void add_count(const std::string& title, Happened happened) {
        if (std::ranges::none_of(result_.trials,
                                 [&](const auto& trials) { return std::ranges::any_of(trials, happened); }))
            return;
        header_.push_back(title);
        for (size_t c = 0; c < rows_.size(); ++c) {
            const auto& trials = result_.trials[c];
            rows_[c].push_back(
                fmt::format("{} of {}", std::ranges::count_if(trials, happened), trials.size()));
        }
    }

    void add_comparison(const std::string& measure) {
        const auto found = find(0, measure);
        if (!found || rows_.size() < 2) return;
        const NumberKind kind = found->measure.is_share() ? NumberKind::share : NumberKind::plain;
        header_.insert(header_.end(), {"difference", "95 %", "p", "effect"});
        for (auto& row : rows_) row.insert(row.end(), {"-", "-", "-", "-"});
        for (const auto& c : compare_with(result_.reference, found->measure, result_)) {
            if (c.shift.pairs == 0) continue;
            const auto cells = rows_[c.contender].end() - 4;
            cells[0] = difference_text(c.shift.estimate, kind);
            cells[1] = interval_text(c.shift, kind);
            cells[2] = fmt::format("{:.2g}", c.p_adjusted);
            cells[3] = fmt::format("{:+.2f}", c.test.effect);
        }
    }

    std::string text() const {
        std::vector<std::string> header{"contender"};
        header.insert(header.end(), header_.begin(), header_.end());
        return text_table(header, rows_);
    }

private:
    const MeasureSummary* find(size_t contender, const std::string& measure) const {
        const auto found = std::ranges::find_if(
            summaries_, [&](const auto& s) { return s.contender == contender && s.measure.name == measure; });
        return found == summaries_.end() ? nullptr : &*found;
    }

    const StudyResult& result_;
    std::vector<MeasureSummary> summaries_;
    std::vector<std::string> header_;
    std::vector<std::vector<std::string>> rows_;
};

std::string value_text(double value, const std::string& metric) {
    return metric.ends_with("accuracy") ? fmt::format("{:.2f} %", 100 * value) : fmt::format("{:.4g}", value);
}

}  // namespace

std::string study_table(const StudyResult& result) {
    const std::string& metric = result.metric.name;
    Table table(result);
    if (!result.tuned.empty()) table.add_tuned();
    table.add_spread("final_" + metric, "final");
    table.add_comparison("final_" + metric);
    table.add_spread("best_" + metric, "best");
    table.add_spread(predicts_numbers(result.task) ? "test_rmse" : "final_test_accuracy",
                     predicts_numbers(result.task) ? "test rmse" : "test");
    if (result.reach) {
        table.add_median("target_steps", "steps");
        table.add_median("target_seconds", "seconds");
        table.add_median("target_work", "work");
        table.add_count("missed", [&](const TrialRecord& trial) {
            return !reached(result.metric, trial, *result.reach);
        });
    }
    table.add_count("diverged", [](const TrialRecord& trial) { return trial.diverged(); });

    const std::string& reference = result.plan.contenders[result.reference].label;
    std::string text = table.text();
    text += fmt::format(
        "\nfinal, best: {} after the last and after the best epoch, mean ± deviation over {} seed{}\n",
        metric, result.plan.options.seeds, result.plan.options.seeds == 1 ? "" : "s");
    if (result.plan.contenders.size() > 1)
        text +=
            wrapped(
                fmt::format(
                    "difference: of final from that of {}, seed by seed{} (Hodges-Lehmann), with its 95 % "
                    "interval; p (Wilcoxon, exact, two-sided; Holm over the table); the effect, in [-1, 1], "
                    "is positive where the contender is better",
                    reference, metric.ends_with("accuracy") ? ", in points" : ""),
                0) +
            "\n";
    if (result.reach)
        text +=
            wrapped(
                fmt::format(
                    "steps, seconds, work: by when half of the trials had {} {} {}, never where fewer got "
                    "there; work is the operations that ran, over those of a forward pass of a batch",
                    metric,
                    result.metric.better == Better::higher ? ">=" : "<=", value_text(*result.reach, metric)),
                0) +
            "\n";
    const int64_t pairs = result.plan.options.seeds;
    if (result.plan.contenders.size() > 1 && pairs < Shift::fewest_pairs)
        text += fmt::format(
            "{} seed{} cannot show a difference at the 5 % level: the smallest p is {:.3g}, and there is no "
            "95 % interval from fewer than {} pairs\n",
            pairs, pairs == 1 ? "" : "s", std::pow(2.0, 1 - static_cast<double>(pairs)), Shift::fewest_pairs);
    for (const auto& note : result.notes) text += "note: " + note + "\n";
    return text;
}

}  // namespace ravine
