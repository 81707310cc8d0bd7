#include "ravine/lab/reproduce/acet_measures.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace ravine {
namespace {

double goal_of(const StudyResult& study, size_t contender) {
    return acet_summary(study, acet_other(contender), acet_measure(study, "final_validation_accuracy")).mean;
}

}  // namespace

OutcomeMeasure acet_measure(const StudyResult& study, const std::string& name) {
    for (auto& measure : outcome_measures(study.metric, study.reach))
        if (measure.name == name) return measure;
    throw std::logic_error("no measure " + name);
}

Summary acet_summary(const StudyResult& study, size_t contender, const OutcomeMeasure& measure) {
    std::vector<double> values;
    for (const auto& trial : study.trials.at(contender))
        if (std::isfinite(measure.of(trial))) values.push_back(measure.of(trial));
    return summarize(values);
}

double acet_cost(const TrialRecord& trial, double accuracy, AcetCost cost) {
    for (const auto& event : trial.evaluations)
        if (event.validation.accuracy >= accuracy)
            return cost == AcetCost::seconds ? event.training_seconds
                                             : static_cast<double>(event.training_work.backward_passes);
    return std::numeric_limits<double>::infinity();
}

AcetPrice acet_price(const StudyResult& study, size_t contender, AcetCost cost) {
    const double accuracy = goal_of(study, contender), rival_accuracy = goal_of(study, acet_standard);
    std::vector<double> costs, gains;
    int64_t missed = 0;
    const auto &trials = study.trials.at(contender), &standard = study.trials.at(acet_standard);
    for (size_t i = 0; i < trials.size(); ++i) {
        const double own = acet_cost(trials[i], accuracy, cost),
                     other = acet_cost(standard.at(i), rival_accuracy, cost);
        std::isfinite(own) ? costs.push_back(own) : static_cast<void>(++missed);
        gains.push_back(std::isinf(own) && std::isinf(other) ? 0 : other - own);
    }
    return {accuracy, quantile(costs, 0.5), missed, std::ssize(trials), signed_rank_test(gains)};
}

double gated_share(const TrialRecord& trial) {
    if (trial.work.forward_passes == 0) return 0;
    return 1 -
           static_cast<double>(trial.work.backward_passes) / static_cast<double>(trial.work.forward_passes);
}

std::string percent_text(const Summary& s) {
    if (s.count == 0) return "-";
    std::string text = fmt::format("{:.2f}", 100 * s.mean);
    if (std::isfinite(s.deviation)) text += fmt::format(" ± {:.2f}", 100 * s.deviation);
    return text + " %";
}

}  // namespace ravine
