#pragma once

#include <string>
#include <vector>

#include "ravine/lab/statistics/paired.hpp"
#include "ravine/lab/statistics/statistics.hpp"
#include "ravine/lab/study/study.hpp"

namespace ravine {

/// What the trials of one contender ended with, in one measure.
struct MeasureSummary {
    size_t contender;
    OutcomeMeasure measure;
    /// Of the trials that have the number; the median is over all of them, with those that diverged or missed
    /// the target at the worst. Of a price that some trial missed there is no mean, and no highest.
    Summary summary;
    int64_t unfinished;  ///< trials that diverged, or missed the target, and stand at the worst
};

/// Every measure of every contender, measure by measure; those that no trial has are left out.
std::vector<MeasureSummary> summaries(const StudyResult& result);

/// A contender beside the reference, seed by seed.
struct Comparison {
    size_t contender;
    OutcomeMeasure measure;
    double mean_difference;  ///< contender - reference, over the seeds; NaN where one of a pair diverged
    Shift shift;             ///< of contender - reference, with its 95 % interval
    SignedRankTest test;     ///< its effect is positive where the contender is better
    double p_adjusted;       ///< for all contenders beside the reference in this measure (Holm)

    /// "better" or "worse" where the adjusted p is below 0.05 and the interval does not have 0 in it, else
    /// "no difference shown".
    std::string verdict() const;
    /// The same of the p that stands for itself: whether the contender is better (positive) or worse.
    Evidence evidence_alone() const;
};

/// Every contender against `reference` in one measure.
std::vector<Comparison> compare_with(size_t reference, const OutcomeMeasure& measure,
                                     const StudyResult& result);

/// One contender against another, without regard to the rest: for a claim that was made beforehand.
Comparison compare_two(size_t contender, size_t reference, const OutcomeMeasure& measure,
                       const StudyResult& result);

/// The measures of a result that any trial has.
std::vector<OutcomeMeasure> present_measures(const StudyResult& result);

}  // namespace ravine
