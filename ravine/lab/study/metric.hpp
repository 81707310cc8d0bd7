#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ravine/lab/study/trial.hpp"
#include "ravine/train/training/metric.hpp"

namespace ravine {

/// After the last epoch; of a run that stops early, what its best weights have on the validation part. A
/// trial that diverged stands at worst().
double final_value(const Metric& metric, const TrialRecord& record);
/// After the best epoch. A trial that diverged stands at what it had reached.
double best_value(const Metric& metric, const TrialRecord& record);

/// What it took until a metric was first seen at a value or better.
struct Reached {
    int64_t steps;
    double seconds, work;  ///< of the updates; work as Work::equivalents has it
};
std::optional<Reached> reached(const Metric& metric, const TrialRecord& record, double value);

/// A number that a finished trial ends with, of which the trials of a contender have a mean.
struct OutcomeMeasure {
    std::string name;  ///< "final_validation_accuracy", "seconds"
    Better better;
    std::function<double(const TrialRecord&)> of;  ///< NaN where the trial has none
    /// Every number is an integer over this: an accuracy is a count over the examples. Empty or 0: unknown.
    std::function<int64_t(const TrialRecord&)> denominator = {};
    /// What a target cost. A trial that missed it never paid, so it stands at infinity, and a mean over the
    /// others would be no one's.
    bool is_price = false;

    bool is_share() const { return name.ends_with("accuracy"); }
};

/// Final and best of every metric, the scores of the test part, seconds and work; with `reach` also steps,
/// seconds and work until `metric` reached it.
std::vector<OutcomeMeasure> outcome_measures(const Metric& metric, std::optional<double> reach);

}  // namespace ravine
