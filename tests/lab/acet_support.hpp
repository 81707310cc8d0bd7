#pragma once

#include <utility>
#include <vector>

#include "ravine/lab/reproduce/acet_measures.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {

/// The validation accuracies of a method after each epoch, and its accuracy on the test part, at the first
/// seed; at each further seed all are a thousandth higher.
struct MadeMethod {
    std::vector<double> validation;
    double test;
};

/// A result made up: standard training, ACET and further contenders over so many seeds, epochs of 10 updates
/// and 2 seconds, t from 0.5 to 1 in the middle of a run.
inline AcetResult made_acet(const std::string& name, const std::vector<MadeMethod>& methods,
                            int64_t seeds = 8) {
    AcetResult result{.set = find_acet_sets(name).at(0),
                      .study = {.plan = {}, .metric = find_metric("validation_accuracy")}};
    result.study.plan = acet_plan(result.set, {.seeds = seeds, .rivals = true});
    result.study.plan.contenders.resize(methods.size());
    for (const auto& method : methods) {
        auto& trials = result.study.trials.emplace_back();
        for (int64_t seed = 0; seed < seeds; ++seed) {
            std::vector<double> accuracies = method.validation;
            for (auto& accuracy : accuracies) accuracy += 0.001 * static_cast<double>(seed);
            TrialRecord trial = made_trial(seed, accuracies);
            for (size_t i = 0; i < trial.evaluations.size(); ++i) {
                trial.evaluations[i].training = trial.evaluations[i].validation;
                if (&method != &methods[acet_standard])
                    trial.evaluations[i].t = 2 * i < trial.evaluations.size() ? 0.5 : 1;
            }
            trial.test = {1 - method.test, method.test + 0.001 * static_cast<double>(seed)};
            trial.batches = 10 * std::ssize(accuracies);
            trial.updates = trial.batches;
            trial.seconds = trial.evaluations.back().training_seconds;
            trial.work = trial.evaluations.back().training_work;
            trials.push_back(std::move(trial));
        }
    }
    return result;
}

}  // namespace ravine::test
