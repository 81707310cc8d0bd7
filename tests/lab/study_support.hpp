#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/threads/interrupt.hpp"
#include "ravine/lab/study/study.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {

inline SettingValues setting(std::string name, const std::vector<std::string>& values) {
    SettingValues result{.name = name, .values = {}};
    for (const auto& value : values) result.values.emplace_back("--" + name, value);
    return result;
}

/// Two optimizers on a small spiral, 18 updates each.
inline StudyPlan small_plan(StudyOptions options = {.seeds = 3}) {
    return {.title = "a study",
            .command = "ravine compare",
            .contenders = make_contenders({setting("dataset", {"spiral:examples=300"}),
                                           setting("model", {"mlp:hidden=8"}), setting("epochs", {"3"}),
                                           setting("optimizer", {"adam", "sgd"})}),
            .options = std::move(options)};
}

/// A trial made up: a validation accuracy and loss after each epoch of 10 updates.
inline TrialRecord made_trial(int64_t seed, const std::vector<double>& accuracies,
                              StopReason reason = StopReason::epochs) {
    TrialRecord trial{.experiment = {}, .reason = reason, .failure = {}};
    trial.experiment.seed = seed;
    for (size_t i = 0; i < accuracies.size(); ++i) {
        const auto epoch = static_cast<int64_t>(i + 1);
        trial.evaluations.push_back({.step = 10 * epoch,
                                     .epoch = epoch,
                                     .train_loss = 1 - accuracies[i],
                                     .validation = {1 - accuracies[i], accuracies[i]},
                                     .seconds = 3.0 * static_cast<double>(epoch),
                                     .training_work = {.forward_passes = 10 * epoch,
                                                       .backward_passes = 10 * epoch,
                                                       .equivalents = 30.0 * static_cast<double>(epoch)},
                                     .training_seconds = 2.0 * static_cast<double>(epoch)});
    }
    return trial;
}

struct Silence : PoolListener {};

}  // namespace ravine::test
