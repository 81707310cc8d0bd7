#include "ravine/lab/study/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ravine {
namespace {

/// The trials of two contenders at the seeds that both have.
template <class Visit>
void each_pair(const StudyResult& result, size_t contender, size_t reference, Visit visit) {
    for (const auto& a : result.trials[contender])
        for (const auto& b : result.trials[reference])
            if (a.experiment.seed == b.experiment.seed) visit(a, b);
}

}  // namespace

std::string Comparison::verdict() const {
    if (p_adjusted >= 0.05) return "no difference shown";
    return test.effect > 0 ? "better" : "worse";
}

std::vector<OutcomeMeasure> present_measures(const StudyResult& result) {
    std::vector<OutcomeMeasure> present;
    for (auto& measure : outcome_measures(result.metric, result.reach)) {
        const auto has = [&](const TrialRecord& trial) { return !std::isnan(measure.of(trial)); };
        if (std::ranges::any_of(result.trials, [&](const auto& trials) {
                return std::ranges::any_of(trials, [&](const auto& t) { return !t.diverged() && has(t); });
            }))
            present.push_back(std::move(measure));
    }
    return present;
}

std::vector<MeasureSummary> summaries(const StudyResult& result) {
    std::vector<MeasureSummary> all;
    for (const auto& measure : present_measures(result))
        for (size_t c = 0; c < result.trials.size(); ++c) {
            std::vector<double> values;
            int64_t unfinished = 0;
            for (const auto& trial : result.trials[c]) {
                const double value = measure.of(trial);
                if (std::isfinite(value)) values.push_back(value);
                if (std::isinf(value)) ++unfinished;
            }
            all.push_back({c, measure, summarize(values), unfinished});
        }
    return all;
}

Comparison compare_two(size_t contender, size_t reference, const OutcomeMeasure& measure,
                       const StudyResult& result) {
    std::vector<double> gains;  // positive: the contender is better
    double total = 0;
    int64_t count = 0;
    each_pair(result, contender, reference, [&](const TrialRecord& a, const TrialRecord& b) {
        const double x = measure.of(a), y = measure.of(b);
        if (std::isnan(x) || std::isnan(y)) return;
        const double difference = x == y ? 0 : x - y;  // two that diverged are alike
        gains.push_back(measure.better == Better::higher ? difference : -difference);
        if (!std::isfinite(difference)) return;
        total += difference;
        ++count;
    });
    Comparison comparison{.contender = contender,
                          .measure = measure,
                          .mean_difference = count > 0 ? total / static_cast<double>(count)
                                                       : std::numeric_limits<double>::quiet_NaN(),
                          .test = signed_rank_test(gains),
                          .p_adjusted = 1};
    comparison.p_adjusted = comparison.test.p_value;
    return comparison;
}

std::vector<Comparison> compare_with(size_t reference, const OutcomeMeasure& measure,
                                     const StudyResult& result) {
    std::vector<Comparison> comparisons;
    std::vector<double> p_values;
    for (size_t c = 0; c < result.trials.size(); ++c) {
        if (c == reference) continue;
        comparisons.push_back(compare_two(c, reference, measure, result));
        p_values.push_back(comparisons.back().test.p_value);
    }
    const auto adjusted = holm_adjusted(p_values);
    for (size_t i = 0; i < comparisons.size(); ++i) comparisons[i].p_adjusted = adjusted[i];
    return comparisons;
}

}  // namespace ravine
