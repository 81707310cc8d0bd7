#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ravine/lab/reproduce/adaptive_rate.hpp"

namespace ravine {

// Measures of the studies of a learned rate.

/// Along what a run is looked at. Work is counted in epochs of plain SGD.
enum class RateAxis { epochs, seconds, work };

using OfEvaluation = std::function<double(const EvaluationEvent&)>;

/// Forward passes that an epoch of a part's first contender costs, its plain SGD.
double work_of_epoch(const StudyResult& study);

/// How far along an axis an evaluation lies; `unit` is work_of_epoch().
double along_axis(const EvaluationEvent& event, RateAxis axis, double unit);

/// A quantity where a trial is at x on an axis, on straight lines between its evaluations; before the first
/// of them that, and after the last one that. Infinite where the trial diverged, NaN without evaluations.
double value_at(const TrialRecord& trial, RateAxis axis, double x, double unit, const OfEvaluation& of);

/// The place of a contender by its label.
std::optional<size_t> find_contender(const StudyResult& study, const std::string& label);

/// The rate that a run settled on: the median over the logged updates of the last fifth of its epochs. NaN
/// where there is none, or the run diverged.
double settled_rate(const TrialRecord& trial);

/// By how much log10 of the rate varied over the updates of the epochs (from, to]: its deviation.
double rate_deviation(const TrialRecord& trial, double from, double to);

/// The first epoch after which the accuracy on held-out examples was at least `accuracy`; infinite: never.
double epochs_to(const TrialRecord& trial, double accuracy);

/// The most that a step's loss lay above the smallest one before it, as a ratio of the two, from step 21 on:
/// what the first rate did is over by then. Infinite where the run diverged.
double largest_rise(const TrialRecord& trial);

double evaluated_train_loss(const EvaluationEvent& event);

}  // namespace ravine
