#include "ravine/lab/reproduce/rate_measures.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>

#include "ravine/core/values/undefined.hpp"
#include "ravine/lab/statistics/statistics.hpp"

namespace ravine {
namespace {

constexpr double never_ending = std::numeric_limits<double>::infinity();

/// Epochs into the run, with fractions.
double epoch_of(const StepEvent& step, const TrialRecord& trial) {
    const auto& first = trial.evaluations.front();
    return static_cast<double>(step.step * first.epoch) / static_cast<double>(first.step);
}

std::vector<double> rates_within(const TrialRecord& trial, double from, double to) {
    std::vector<double> rates;
    if (trial.evaluations.empty()) return rates;
    for (const auto& step : trial.steps) {
        const double epoch = epoch_of(step, trial);
        if (epoch > from && epoch <= to && std::isfinite(step.learning_rate))
            rates.push_back(step.learning_rate);
    }
    return rates;
}

}  // namespace

double evaluated_train_loss(const EvaluationEvent& event) { return event.training.loss; }

double work_of_epoch(const StudyResult& study) {
    for (const auto& trial : study.trials.front())
        if (!trial.evaluations.empty())
            return trial.evaluations.front().training_work.equivalents /
                   static_cast<double>(trial.evaluations.front().epoch);
    return undefined;
}

double along_axis(const EvaluationEvent& event, RateAxis axis, double unit) {
    if (axis == RateAxis::epochs) return static_cast<double>(event.epoch);
    return axis == RateAxis::seconds ? event.training_seconds : event.training_work.equivalents / unit;
}

double value_at(const TrialRecord& trial, RateAxis axis, double x, double unit, const OfEvaluation& of) {
    if (trial.diverged()) return never_ending;
    if (trial.evaluations.empty()) return undefined;
    const auto after = std::ranges::find_if(
        trial.evaluations, [&](const auto& event) { return along_axis(event, axis, unit) >= x; });
    if (after == trial.evaluations.begin()) return of(*after);
    if (after == trial.evaluations.end()) return of(trial.evaluations.back());
    const double left = along_axis(*(after - 1), axis, unit), right = along_axis(*after, axis, unit);
    const double share = (x - left) / (right - left);
    const double value = (1 - share) * of(*(after - 1)) + share * of(*after);
    return std::isnan(value) ? never_ending : value;  // evaluated where numbers overflow
}

std::optional<size_t> find_contender(const StudyResult& study, const std::string& label) {
    const auto& all = study.plan.contenders;
    const auto found = std::ranges::find(all, label, &Contender::label);
    if (found == all.end()) return {};
    return static_cast<size_t>(found - all.begin());
}

double settled_rate(const TrialRecord& trial) {
    if (trial.diverged() || trial.evaluations.empty()) return undefined;
    const auto end = static_cast<double>(trial.evaluations.back().epoch);
    return quantile(rates_within(trial, 0.8 * end, end), 0.5);
}

double rate_deviation(const TrialRecord& trial, double from, double to) {
    std::vector<double> logarithms;
    for (const double rate : rates_within(trial, from, to))
        if (rate > 0) logarithms.push_back(std::log10(rate));
    return summarize(logarithms).deviation;
}

double epochs_to(const TrialRecord& trial, double accuracy) {
    for (const auto& event : trial.evaluations)
        if (event.validation.accuracy >= accuracy) return static_cast<double>(event.epoch);
    return never_ending;
}

double largest_rise(const TrialRecord& trial) {
    constexpr int64_t decided_by_first_rate = 20;
    double best = never_ending, rise = 1;
    for (const auto& step : trial.steps) {
        if (step.step > decided_by_first_rate) rise = std::max(rise, step.train_loss / best);
        best = std::min(best, step.train_loss);
    }
    return trial.diverged() ? never_ending : rise;
}

double least_squares_minimum(const Parts& parts) {
    const Dataset& data = parts.training;
    const int64_t n = data.size(), features = element_count(parts.schema.feature_shape);
    Eigen::MatrixXd x(n, features);
    Eigen::VectorXd y(n);
    for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < features; ++j)
            x(i, j) = parts.schema.normalization.apply(data.feature(i, j), j);
        y(i) = parts.schema.target_normalization.apply(data.value(i, 0), 0);
    }
    const Eigen::VectorXd w = x.colPivHouseholderQr().solve(y);
    return (x * w - y).squaredNorm() / static_cast<double>(n);
}

}  // namespace ravine
