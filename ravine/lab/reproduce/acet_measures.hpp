#pragma once

#include "ravine/lab/reproduce/acet.hpp"

namespace ravine {

/// A measure of a study by name (outcome_measures); "final_test_accuracy", "seconds".
OutcomeMeasure acet_measure(const StudyResult& study, const std::string& name);

/// The trials of a contender that have a finite value of a measure.
Summary acet_summary(const StudyResult& study, size_t contender, const OutcomeMeasure& measure);

/// What a contender is measured against: standard training, and for that itself ACET.
inline size_t acet_other(size_t contender) { return contender == acet_standard ? acet_acet : acet_standard; }

/// What a trial needed until its validation accuracy was at least `accuracy`; infinite where it never was.
enum class AcetCost { seconds, backward_passes };
double acet_cost(const TrialRecord& trial, double accuracy, AcetCost cost);

/// What a contender needed until its validation accuracy was the mean final one of the other.
struct AcetPrice {
    double accuracy;  ///< that was to be reached
    double median;    ///< over the trials that got there; NaN where none did
    int64_t missed, trials;
    SignedRankTest test;  ///< beside standard training at the same seeds, where a miss is infinite
};
AcetPrice acet_price(const StudyResult& study, size_t contender, AcetCost cost);

/// Share of a trial's batches that were gated.
double gated_share(const TrialRecord& trial);

/// "87.50 ± 0.42 %".
std::string percent_text(const Summary& summary);

}  // namespace ravine
