#include "ravine/lab/study/comparison.hpp"
#include "ravine/core/values/undefined.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ravine {
namespace {

/// The trials of two contenders at the seeds that both have.
template <class Visit>
void each_pair(const StudyResult& result, size_t contender, size_t reference, Visit visit) {
    for (const auto& a : result.trials[contender])
        for (const auto& b : result.trials[reference])
            if (a.experiment.seed == b.experiment.seed) visit(a, b);
}

/// Over what all numbers of a measure are counts: the least common multiple of what each is a count over; 0
/// where one is none, or where it would be too large to count with.
class CommonDenominator {
public:
    void add(const OutcomeMeasure& measure, const TrialRecord& trial) {
        const int64_t own = measure.denominator ? measure.denominator(trial) : 0;
        if (own <= 0 || common_ == 0) {
            common_ = 0;
            return;
        }
        const int64_t factor = own / std::gcd(own, common_);
        common_ = factor > most / common_ ? 0 : factor * common_;
    }
    int64_t value() const { return common_; }

private:
    static constexpr int64_t most = int64_t{1} << 40;
    int64_t common_ = 1;
};

std::string words(Evidence evidence) {
    if (evidence == Evidence::none) return "no difference shown";
    return evidence == Evidence::positive ? "better" : "worse";
}

/// Evidence of a difference as evidence of a gain.
Evidence gain(Evidence difference, Better better) {
    if (difference == Evidence::none || better == Better::higher) return difference;
    return difference == Evidence::positive ? Evidence::negative : Evidence::positive;
}

/// What the trials of one contender came to, those that did not get to a number at the worst.
Summary summary_of(const std::vector<double>& finished, const std::vector<double>& all,
                   const OutcomeMeasure& measure) {
    Summary summary = summarize(finished, measure.is_share() ? Values::shares : Values::any);
    if (finished.size() == all.size() && !measure.is_price) return summary;
    summary.median = measure.is_price ? median_cost(all) : quantile(all, 0.5);
    if (!measure.is_price || finished.size() == all.size()) return summary;
    summary.mean = summary.deviation = summary.confidence_low = summary.confidence_high = undefined;
    summary.high = worst(measure.better);
    return summary;
}

}  // namespace

std::string Comparison::verdict() const { return words(gain(evidence(shift, p_adjusted), measure.better)); }

Evidence Comparison::evidence_alone() const { return gain(evidence(shift, test.p_value), measure.better); }

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
            std::vector<double> finished, values;
            for (const auto& trial : result.trials[c]) {
                const double value = measure.of(trial);
                if (std::isfinite(value)) finished.push_back(value);
                if (!std::isnan(value)) values.push_back(value);
            }
            all.push_back({c, measure, summary_of(finished, values, measure),
                           std::ssize(values) - std::ssize(finished)});
        }
    return all;
}

Comparison compare_two(size_t contender, size_t reference, const OutcomeMeasure& measure,
                       const StudyResult& result) {
    std::vector<double> own, other;
    CommonDenominator common;
    each_pair(result, contender, reference, [&](const TrialRecord& a, const TrialRecord& b) {
        const double x = measure.of(a), y = measure.of(b);
        if (std::isnan(x) || std::isnan(y)) return;
        own.push_back(x);
        other.push_back(y);
        if (std::isfinite(x)) common.add(measure, a);
        if (std::isfinite(y)) common.add(measure, b);
    });
    const auto differences = paired_differences(own, other, common.value());
    std::vector<double> gains = differences;  // positive: the contender is better
    if (measure.better == Better::lower)
        for (double& difference : gains) difference = -difference;
    double mean = std::accumulate(differences.begin(), differences.end(), 0.0) /
                  static_cast<double>(differences.size());
    if (!std::isfinite(mean)) mean = std::numeric_limits<double>::quiet_NaN();
    Comparison comparison{.contender = contender,
                          .measure = measure,
                          .mean_difference = mean,
                          .shift = hodges_lehmann(differences),
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
