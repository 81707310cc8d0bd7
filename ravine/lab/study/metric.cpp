#include "ravine/lab/study/metric.hpp"
#include "ravine/core/values/undefined.hpp"

#include <cmath>
#include <limits>

namespace ravine {
namespace {

using Denominator = std::function<int64_t(const TrialRecord&)>;

/// Over what a metric is a count; empty where it is none.
Denominator denominator_of(const std::string& metric) {
    if (metric == "validation_accuracy") return [](auto& record) { return record.answers.validation; };
    if (metric == "train_accuracy") return [](auto& record) { return record.answers.training; };
    return {};
}

}  // namespace

double final_value(const Metric& metric, const TrialRecord& record) {
    if (record.diverged()) return worst(metric.better);
    // A run that stops early results in other weights than its last evaluation saw.
    if (record.experiment.stop != "none" && metric.name.starts_with("validation"))
        return metric.at({.validation = record.validation});
    return record.evaluations.empty() ? undefined : metric.at(record.evaluations.back());
}

double best_value(const Metric& metric, const TrialRecord& record) {
    double best = record.diverged() ? worst(metric.better) : undefined;
    for (const auto& event : record.evaluations)
        if (is_better(metric.better, metric.at(event), best)) best = metric.at(event);
    return best;
}

std::optional<Reached> reached(const Metric& metric, const TrialRecord& record, double value) {
    for (const auto& event : record.evaluations) {
        const double here = metric.at(event);
        if (std::isnan(here) || is_better(metric.better, value, here)) continue;
        return Reached{event.step, event.training_seconds, event.training_work.equivalents};
    }
    return {};
}

std::vector<OutcomeMeasure> outcome_measures(const Metric& metric, std::optional<double> reach) {
    std::vector<OutcomeMeasure> all;
    for (const auto& m : metrics()) {
        const Denominator over = denominator_of(m.name);
        all.push_back(
            {"final_" + m.name, m.better, [&m](auto& record) { return final_value(m, record); }, over});
        all.push_back(
            {"best_" + m.name, m.better, [&m](auto& record) { return best_value(m, record); }, over});
    }
    const auto at_end = [&](const char* name, Better better, auto value) {
        all.push_back({name, better, [better, value](const TrialRecord& record) {
                           return record.diverged() ? worst(better) : value(record);
                       }});
    };
    at_end("final_test_accuracy", Better::higher, [](auto& record) { return record.test.accuracy; });
    all.back().denominator = [](auto& record) { return record.answers.test; };
    at_end("final_test_loss", Better::lower, [](auto& record) { return record.test.loss; });
    at_end("test_rmse", Better::lower, [](auto& record) { return record.test_rmse; });
    at_end("seconds", Better::lower, [](auto& record) { return record.seconds; });
    at_end("work", Better::lower, [](auto& record) { return record.work.equivalents; });
    if (!reach) return all;
    const auto until = [&](const char* name, auto part) {
        all.push_back({name, Better::lower, [metric, part, value = *reach](const TrialRecord& record) {
                           const auto there = reached(metric, record, value);
                           return there ? static_cast<double>((*there).*part) : worst(Better::lower);
                       }});
        all.back().is_price = true;
    };
    until("target_steps", &Reached::steps);
    until("target_seconds", &Reached::seconds);
    until("target_work", &Reached::work);
    return all;
}

}  // namespace ravine
