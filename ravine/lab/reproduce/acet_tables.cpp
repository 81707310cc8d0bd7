#include <fmt/format.h>

#include <cmath>

#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/reproduce/acet_measures.hpp"
#include "ravine/lab/study/difference_text.hpp"

namespace ravine {
namespace {

constexpr double unknown = undefined_scores.loss;

std::string points_text(double share) { return fmt::format("{:+.2f}", 100 * share); }

/// "-" for what is not known.
std::string text_or_dash(double value, const char* format) {
    return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "-";
}

const std::string& label_of(const AcetResult& r, size_t contender) {
    return r.study.plan.contenders.at(contender).label;
}

/// The paper's numbers for a contender; NaN where it has none.
double paper_accuracy(const AcetResult& r, size_t contender) {
    if (!r.set.paper || contender > acet_acet) return unknown;
    return contender == acet_standard ? r.set.paper->standard_accuracy : r.set.paper->acet_accuracy;
}
double paper_seconds(const AcetResult& r, size_t contender) {
    if (!r.set.paper || contender > acet_acet) return unknown;
    return contender == acet_standard ? r.set.paper->standard_seconds : r.set.paper->acet_seconds;
}
double paper_gain(const AcetResult& r, size_t contender) {
    return contender == acet_acet ? paper_accuracy(r, acet_acet) - paper_accuracy(r, acet_standard) : unknown;
}

std::string missed_text(const AcetPrice& price, const char* format) {
    if (std::isinf(price.median))
        return price.missed == price.trials ? "never" : fmt::format("never ({} missed)", price.missed);
    const std::string text = fmt::format(fmt::runtime(format), price.median);
    return price.missed == 0 ? text : fmt::format("{} ({} missed)", text, price.missed);
}

/// Every contender beside standard training. ACET's test is of a claim that was made beforehand and stands
/// alone; those of rivals and of an ablation are adjusted for their number.
std::vector<Comparison> comparisons(const AcetResult& r, const OutcomeMeasure& measure) {
    std::vector<Comparison> all;
    std::vector<double> p_values;
    for (size_t c = 0; c < r.study.trials.size(); ++c) {
        all.push_back(compare_two(c, acet_standard, measure, r.study));
        if (c > acet_acet) p_values.push_back(all.back().test.p_value);
    }
    const auto adjusted = holm_adjusted(p_values);
    for (size_t i = 0; i < adjusted.size(); ++i) all[acet_acet + 1 + i].p_adjusted = adjusted[i];
    return all;
}

template <class Of>
double mean_of(const AcetResult& r, size_t contender, Of of) {
    return acet_summary(r.study, contender, {"", Better::lower, of}).mean;
}

using Trial = const TrialRecord&;
double forward_passes(Trial t) { return static_cast<double>(t.work.forward_passes); }
double backward_passes(Trial t) { return static_cast<double>(t.work.backward_passes); }
double updates(Trial t) { return static_cast<double>(t.updates); }

}  // namespace

AcetTable acet_table1(const std::vector<AcetResult>& results) {
    AcetTable table{
        .title = "Table 1: accuracy on test examples",
        .header = {"data", "method", "paper", "here", "paper's gain", "gain", "95 %", "p", "effect", "gated"},
        .rows = {},
        .notes =
            "paper, here: % of the test part classified rightly, here mean ± deviation over the seeds; "
            "gain: points beside standard training, the middle of the differences seed by seed "
            "(Hodges-Lehmann), with its 95 % interval; p, effect: Wilcoxon's signed-rank test of them, exact "
            "and two-sided (Holm over the rows below ACET); the effect, in [-1, 1], is positive where the "
            "method is better; gated: batches without an update",
        .csv =
            "data,method,seeds,paper_accuracy,test_accuracy,deviation,paper_difference,mean_difference,"
            "difference,ci_low,ci_high,p_value,p_adjusted,effect,gated_share\n"};
    for (const auto& r : results) {
        const OutcomeMeasure test = acet_measure(r.study, "final_test_accuracy");
        const auto compared = comparisons(r, test);
        for (size_t c = 0; c < compared.size(); ++c) {
            const Comparison& beside = compared[c];
            const Summary s = acet_summary(r.study, c, test);
            const double paper = paper_accuracy(r, c), gain = paper_gain(r, c),
                         gated = mean_of(r, c, gated_share);
            const bool is_reference = c == acet_standard;
            constexpr auto kind = NumberKind::share;
            table.rows.push_back({c == 0 ? r.set.title : "", label_of(r, c),
                                  text_or_dash(100 * paper, "{:.2f}"), percent_text(s),
                                  std::isnan(gain) ? "-" : points_text(gain),
                                  is_reference ? "-" : difference_text(beside.shift.estimate, kind),
                                  is_reference ? "-" : interval_text(beside.shift, kind),
                                  is_reference ? "-" : fmt::format("{:.2g}", beside.p_adjusted),
                                  is_reference ? "-" : fmt::format("{:+.2f}", beside.test.effect),
                                  fmt::format("{:.1f} %", 100 * gated)});
            table.csv +=
                csv_line(r.set.name, label_of(r, c), s.count, paper, s.mean, s.deviation, gain,
                         beside.mean_difference, beside.shift.estimate, beside.shift.low, beside.shift.high,
                         beside.test.p_value, beside.p_adjusted, beside.test.effect, gated);
        }
    }
    return table;
}

AcetTable acet_table2(const std::vector<AcetResult>& results) {
    AcetTable table{
        .title = "Table 2: what training took",
        .header = {"data", "method", "paper, s", "run, s", "backward passes", "goal", "s to goal",
                   "passes to goal", "difference, 95 %", "p"},
        .rows = {},
        .notes =
            "run: seconds of training, evaluations left out, and its backward passes, which are its "
            "updates; goal: the mean final accuracy of the other method on the validation part (ACET's for "
            "standard training, standard training's for all others); s, passes to goal: by when half of "
            "the trials had got there, never where fewer did; difference, p: of the backward passes from "
            "standard training's, seed by seed (Hodges-Lehmann with its interval; Wilcoxon, exact), where a "
            "trial that missed its goal is infinitely slow",
        .csv =
            "data,method,paper_seconds,seconds,deviation,mean_difference,difference,ci_low,ci_high,p_value,"
            "effect,forward_passes,backward_passes,updates,goal_accuracy,seconds_to_goal,"
            "backward_passes_to_goal,missed,trials,difference_seconds_to_goal,ci_low_seconds_to_goal,"
            "ci_high_seconds_to_goal,p_value_seconds_to_goal,difference_backward_passes_to_goal,"
            "ci_low_backward_passes_to_goal,ci_high_backward_passes_to_goal,p_value_backward_passes_to_goal,"
            "common_accuracy,seconds_to_common,backward_passes_to_common,missed_common,"
            "difference_backward_passes_to_common,ci_low_backward_passes_to_common,"
            "ci_high_backward_passes_to_common,p_value_backward_passes_to_common\n"};
    for (const auto& r : results) {
        const OutcomeMeasure measure = acet_measure(r.study, "seconds");
        for (size_t c = 0; c < r.study.trials.size(); ++c) {
            const Summary seconds = acet_summary(r.study, c, measure);
            const Comparison beside = compare_two(c, acet_standard, measure, r.study);
            const AcetPrice time = acet_price(r.study, c, AcetCost::seconds),
                            passes = acet_price(r.study, c, AcetCost::backward_passes),
                            common_time = acet_common_price(r.study, c, AcetCost::seconds),
                            common = acet_common_price(r.study, c, AcetCost::backward_passes);
            constexpr auto plain = NumberKind::plain;
            table.rows.push_back(
                {c == 0 ? r.set.title : "", label_of(r, c), text_or_dash(paper_seconds(r, c), "{:.4g}"),
                 fmt::format("{:.3g}", seconds.mean) +
                     (std::isfinite(seconds.deviation) ? fmt::format(" ± {:.1g}", seconds.deviation) : ""),
                 text_or_dash(mean_of(r, c, backward_passes), "{:.0f}"),
                 text_or_dash(100 * time.accuracy, "{:.2f} %"), missed_text(time, "{:.3g}"),
                 missed_text(passes, "{:.0f}"),
                 c == acet_standard ? "-"
                                    : fmt::format("{} ({})", difference_text(passes.shift.estimate, plain),
                                                  interval_text(passes.shift, plain)),
                 c == acet_standard ? "-" : fmt::format("{:.2g}", passes.test.p_value)});
            table.csv +=
                csv_line(r.set.name, label_of(r, c), paper_seconds(r, c), seconds.mean, seconds.deviation,
                         beside.mean_difference, beside.shift.estimate, beside.shift.low, beside.shift.high,
                         beside.test.p_value, beside.test.effect, mean_of(r, c, forward_passes),
                         mean_of(r, c, backward_passes), mean_of(r, c, updates), time.accuracy, time.median,
                         passes.median, passes.missed, passes.trials, time.shift.estimate, time.shift.low,
                         time.shift.high, time.test.p_value, passes.shift.estimate, passes.shift.low,
                         passes.shift.high, passes.test.p_value, common.accuracy, common_time.median,
                         common.median, common.missed, common.shift.estimate, common.shift.low,
                         common.shift.high, common.test.p_value);
        }
    }
    return table;
}

}  // namespace ravine
