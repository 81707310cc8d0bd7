#include <fmt/format.h>

#include <cmath>

#include "ravine/lab/csv_text.hpp"
#include "ravine/lab/reproduce/acet_measures.hpp"
#include "ravine/lab/text_table.hpp"

namespace ravine {
namespace {

std::string points_text(double share) { return fmt::format("{:+.2f}", 100 * share); }
std::string percent_text(double share) { return fmt::format("{:.2f} %", 100 * share); }

const std::string& label_of(const AcetResult& r, size_t contender) {
    return r.study.plan.contenders.at(contender).label;
}

/// The paper's number for a contender that it has; NaN otherwise.
double paper_accuracy(const AcetResult& r, size_t contender) {
    if (!r.set.paper || contender > acet_acet) return undefined_scores.accuracy;
    return contender == acet_standard ? r.set.paper->standard_accuracy : r.set.paper->acet_accuracy;
}
double paper_seconds(const AcetResult& r, size_t contender) {
    if (!r.set.paper || contender > acet_acet) return undefined_scores.loss;
    return contender == acet_standard ? r.set.paper->standard_seconds : r.set.paper->acet_seconds;
}

std::string missed_text(const AcetPrice& price, const char* format) {
    if (price.missed == price.trials) return "never";
    const std::string text = fmt::format(fmt::runtime(format), price.median);
    return price.missed == 0 ? text : fmt::format("{} ({} missed)", text, price.missed);
}

template <class Visit>
void each_contender(const std::vector<AcetResult>& results, Visit visit) {
    for (const auto& r : results)
        for (size_t c = 0; c < r.study.trials.size(); ++c) visit(r, c);
}

double mean_gated(const AcetResult& r, size_t contender) {
    double total = 0;
    for (const auto& trial : r.study.trials[contender]) total += gated_share(trial);
    return total / static_cast<double>(r.study.trials[contender].size());
}

}  // namespace

std::string acet_table1(const std::vector<AcetResult>& results) {
    std::vector<std::vector<std::string>> rows;
    each_contender(results, [&](const AcetResult& r, size_t c) {
        const OutcomeMeasure test = acet_measure(r.study, "final_test_accuracy");
        const double paper = paper_accuracy(r, c);
        rows.push_back({c == 0 ? r.set.title : "", label_of(r, c),
                        std::isnan(paper) ? "-" : percent_text(paper),
                        percent_text(acet_summary(r.study, c, test)), "-", "-", "-",
                        fmt::format("{:.1f} %", 100 * mean_gated(r, c))});
        if (c == acet_standard) return;
        const Comparison comparison = compare_two(c, acet_standard, test, r.study);
        rows.back()[4] = points_text(comparison.mean_difference);
        rows.back()[5] = fmt::format("{:.2g}", comparison.test.p_value);
        rows.back()[6] = fmt::format("{:+.2f}", comparison.test.effect);
    });
    return text_table({"data", "method", "paper", "test accuracy", "beside standard", "p", "effect", "gated"},
                      rows);
}

std::string acet_table1_csv(const std::vector<AcetResult>& results) {
    std::string csv =
        "data,method,seeds,paper_accuracy,test_accuracy,deviation,difference,p_value,effect,gated_share\n";
    each_contender(results, [&](const AcetResult& r, size_t c) {
        const OutcomeMeasure test = acet_measure(r.study, "final_test_accuracy");
        const Summary s = acet_summary(r.study, c, test);
        const Comparison comparison = compare_two(c, acet_standard, test, r.study);
        csv += csv_line(r.set.name, label_of(r, c), s.count, paper_accuracy(r, c), s.mean, s.deviation,
                        comparison.mean_difference, comparison.test.p_value, comparison.test.effect,
                        mean_gated(r, c));
    });
    return csv;
}

std::string acet_table2(const std::vector<AcetResult>& results) {
    std::vector<std::vector<std::string>> rows;
    each_contender(results, [&](const AcetResult& r, size_t c) {
        const double paper = paper_seconds(r, c);
        const Summary seconds = acet_summary(r.study, c, acet_measure(r.study, "seconds"));
        const AcetPrice time = acet_price(r.study, c, AcetCost::seconds),
                        passes = acet_price(r.study, c, AcetCost::backward_passes);
        rows.push_back({c == 0 ? r.set.title : "", label_of(r, c),
                        std::isnan(paper) ? "-" : fmt::format("{:.4g}", paper),
                        fmt::format("{:.3g} ± {:.1g}", seconds.mean, seconds.deviation),
                        percent_text(time.accuracy), missed_text(time, "{:.3g}"),
                        missed_text(passes, "{:.0f}"),
                        c == acet_standard ? "-" : fmt::format("{:.2g}", passes.test.p_value)});
    });
    return text_table({"data", "method", "paper, s", "whole run, s", "the other's accuracy", "s until then",
                       "backward passes until then", "p"},
                      rows);
}

std::string acet_table2_csv(const std::vector<AcetResult>& results) {
    std::string csv =
        "data,method,paper_seconds,seconds,deviation,forward_passes,backward_passes,updates,other_accuracy,"
        "seconds_to_other,backward_passes_to_other,missed,trials,p_value_seconds,p_value_backward_passes\n";
    each_contender(results, [&](const AcetResult& r, size_t c) {
        const auto mean = [&](auto of) { return acet_summary(r.study, c, {"", Better::lower, of}).mean; };
        const Summary seconds = acet_summary(r.study, c, acet_measure(r.study, "seconds"));
        const AcetPrice time = acet_price(r.study, c, AcetCost::seconds),
                        passes = acet_price(r.study, c, AcetCost::backward_passes);
        using Trial = const TrialRecord&;
        csv +=
            csv_line(r.set.name, label_of(r, c), paper_seconds(r, c), seconds.mean, seconds.deviation,
                     mean([](Trial t) { return static_cast<double>(t.work.forward_passes); }),
                     mean([](Trial t) { return static_cast<double>(t.work.backward_passes); }),
                     mean([](Trial t) { return static_cast<double>(t.updates); }), time.accuracy, time.median,
                     passes.median, passes.missed, passes.trials, time.test.p_value, passes.test.p_value);
    });
    return csv;
}

}  // namespace ravine
