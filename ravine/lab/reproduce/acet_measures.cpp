#include "ravine/lab/reproduce/acet_measures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "ravine/core/values/undefined.hpp"
#include "ravine/lab/study/difference_text.hpp"

namespace ravine {
namespace {

double final_accuracy(const StudyResult& study, size_t contender) {
    return acet_summary(study, contender, acet_measure(study, "final_validation_accuracy")).mean;
}

AcetPrice price(const StudyResult& study, size_t contender, double goal, double goal_of_standard,
                AcetCost cost) {
    std::vector<double> own, other;
    const auto &trials = study.trials.at(contender), &standard = study.trials.at(acet_standard);
    for (size_t i = 0; i < trials.size(); ++i) {
        own.push_back(acet_cost(trials[i], goal, cost));
        other.push_back(acet_cost(standard.at(i), goal_of_standard, cost));
    }
    const int64_t missed = std::ranges::count_if(own, [](double x) { return std::isinf(x); });
    return {goal,
            median_cost(own),
            missed,
            std::ssize(trials),
            hodges_lehmann(paired_differences(own, other)),
            signed_rank_test(paired_differences(other, own))};
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
    return price(study, contender, final_accuracy(study, acet_other(contender)),
                 final_accuracy(study, acet_acet), cost);
}

AcetPrice acet_common_price(const StudyResult& study, size_t contender, AcetCost cost) {
    const double goal = std::min(final_accuracy(study, acet_standard), final_accuracy(study, acet_acet));
    return price(study, contender, goal, goal, cost);
}

Statement cheaper(const AcetPrice& acet, const AcetPrice& standard) {
    const auto text = [](const AcetPrice& p) {
        if (std::isinf(p.median)) return std::string("never");
        return p.median < 100 ? fmt::format("{:.3g}", p.median) : fmt::format("{:.0f}", p.median);
    };
    const Evidence dearer = evidence(acet.shift, acet.test.p_value);
    return {.support = dearer == Evidence::none       ? Support::not_shown
                       : dearer == Evidence::negative ? Support::shown
                                                      : Support::contradicted,
            .text = fmt::format("ACET {}, standard {}, {} and {} of {} missed ({}; p {:.2g})", text(acet),
                                text(standard), acet.missed, standard.missed, acet.trials,
                                shift_text(acet.shift, NumberKind::plain), acet.test.p_value)};
}

double gated_share(const TrialRecord& trial) {
    return trial.batches > 0 ? static_cast<double>(trial.gated) / static_cast<double>(trial.batches) : 0;
}

OutcomeMeasure roughness(std::string name, std::function<double(const EvaluationEvent&)> of,
                         std::function<int64_t(const TrialRecord&)> denominator) {
    return {std::move(name), Better::lower,
            [of = std::move(of)](const TrialRecord& trial) {
                if (trial.diverged())
                    return worst(Better::lower);  // it ended before its curve could be rough
                double total = 0;
                for (size_t i = 1; i < trial.evaluations.size(); ++i)
                    total += std::abs(of(trial.evaluations[i]) - of(trial.evaluations[i - 1]));
                return total;
            },
            std::move(denominator)};
}

OutcomeMeasure generalization_gap() {
    return {"training less test accuracy", Better::lower,
            [](const TrialRecord& trial) {
                if (trial.diverged()) return worst(Better::lower);
                if (trial.evaluations.empty()) return undefined;
                return trial.evaluations.back().training.accuracy - trial.test.accuracy;
            },
            [](const TrialRecord& trial) {  // a difference of two counts over different numbers
                const auto& [training, validation, test] = trial.answers;
                return training > 0 && test > 0 ? std::lcm(training, test) : 0;
            }};
}

OutcomeMeasure loss_rise() {
    return {"rise of the validation loss over its best", Better::lower, [](const TrialRecord& trial) {
                return final_value(find_metric("validation_loss"), trial) -
                       best_value(find_metric("validation_loss"), trial);
            }};
}

OutcomeMeasure boundary_length() {
    return {"length of the boundary in cells", Better::lower, [](const TrialRecord& trial) {
                if (!trial.map) return undefined;
                const int64_t columns = trial.map->grid.columns, rows = trial.map->grid.rows;
                const auto at = [&](int64_t row, int64_t column) {
                    return trial.map->classes[static_cast<size_t>(row * columns + column)];
                };
                int64_t length = 0;
                for (int64_t row = 0; row < rows; ++row)
                    for (int64_t column = 0; column < columns; ++column) {
                        length += column > 0 && at(row, column) != at(row, column - 1) ? 1 : 0;
                        length += row > 0 && at(row, column) != at(row - 1, column) ? 1 : 0;
                    }
                return static_cast<double>(length);
            }};
}

std::string percent_text(const Summary& s) {
    if (s.count == 0) return "-";
    std::string text = fmt::format("{:.2f}", 100 * s.mean);
    if (std::isfinite(s.deviation)) text += fmt::format(" ± {:.2f}", 100 * s.deviation);
    return text + " %";
}

}  // namespace ravine
