#pragma once

#include <vector>

#include "ravine/lab/statistics.hpp"
#include "ravine/lab/study/study.hpp"

namespace ravine {

/// What the trials of one contender ended with, in one measure.
struct MeasureSummary {
    size_t contender;
    OutcomeMeasure measure;
    Summary summary;     ///< of the trials that have the number
    int64_t unfinished;  ///< trials that diverged, or missed the target, and stand at the worst
};

/// Every measure of every contender, measure by measure; those that no trial has are left out.
std::vector<MeasureSummary> summaries(const StudyResult& result);

/// A contender beside the reference, seed by seed.
struct Comparison {
    size_t contender;
    OutcomeMeasure measure;
    double mean_difference;  ///< contender - reference, over the seeds where both have the number
    SignedRankTest test;     ///< its effect is positive where the contender is better
    double p_adjusted;       ///< for all contenders beside the reference in this measure (Holm)

    /// At the 5 % level: "better", "worse", or "no difference shown".
    std::string verdict() const;
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
