#pragma once

#include <functional>

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

/// What a contender needed until its validation accuracy was at a goal.
struct AcetPrice {
    double accuracy;  ///< that was to be reached
    double median;    ///< by when half of the trials had got there; infinite where fewer did
    int64_t missed, trials;
    Shift shift;          ///< from standard training at the same seeds, where a miss is infinite
    SignedRankTest test;  ///< of the same; its effect is positive where the contender is cheaper
};
/// Until the mean final accuracy of the other method; standard training in the test has its own goal.
AcetPrice acet_price(const StudyResult& study, size_t contender, AcetCost cost);
/// Until the accuracy that both methods end with: the lower one of their mean final accuracies.
AcetPrice acet_common_price(const StudyResult& study, size_t contender, AcetCost cost);

/// "ACET 423, standard 282, 2 and 1 of 15 missed (+141, 95 % +47 to +235; p 0.01)": shown where test and
/// interval say that ACET's is smaller.
Statement cheaper(const AcetPrice& acet, const AcetPrice& standard);

/// Share of a trial's batches that were gated.
double gated_share(const TrialRecord& trial);

/// Sum of the absolute changes of a quantity from epoch to epoch (its total variation): how rough its curve
/// is. NaN where an epoch lacks it. `denominator` as in OutcomeMeasure.
OutcomeMeasure roughness(std::string name, std::function<double(const EvaluationEvent&)> of,
                         std::function<int64_t(const TrialRecord&)> denominator = {});

/// Accuracy on the training part less that on the test part, after the last epoch.
OutcomeMeasure generalization_gap();

/// By how much the validation loss has risen over its smallest value when the run ends.
OutcomeMeasure loss_rise();

/// Pairs of neighbouring cells of a trial's decision map with different classes: the length of the boundary
/// in cells. NaN where there is no map; only the first seed has one.
OutcomeMeasure boundary_length();

/// "87.50 ± 0.42 %".
std::string percent_text(const Summary& summary);

}  // namespace ravine
