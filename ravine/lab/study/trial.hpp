#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ravine/lab/draw/decision_map.hpp"
#include "ravine/lab/experiment/experiment.hpp"
#include "ravine/lab/run/run.hpp"
#include "ravine/train/training/trainer.hpp"

namespace ravine {

/// So many answers of each part are right or wrong: an accuracy times this is an integer. Of labels each
/// example has several; 0 where numbers are predicted.
struct AnswerCounts {
    int64_t training = 0, validation = 0, test = 0;
};

/// One training run of a study, and all that became of it.
struct TrialRecord {
    Experiment experiment = {};
    StopReason reason = StopReason::epochs;
    std::string failure = {};  ///< where numbers ceased to be finite; empty where they did not
    int64_t parameters = 0, updates = 0, epochs = 0;
    int64_t batches = 0, gated = 0;  ///< seen, and of these without an update
    int64_t best_epoch = 0;          ///< with the smallest validation loss; 0: none
    double seconds = 0;  ///< of the updates and of a curriculum's first model, evaluations left out
    Work work = {};      ///< of the same
    std::vector<StepEvent> steps = {};
    std::vector<EvaluationEvent> evaluations = {};
    double train_loss = 0;  ///< mean over the examples of the last epoch
    Scores validation = undefined_scores, test = undefined_scores;
    double test_rmse = undefined_scores.loss;
    AnswerCounts answers = {};
    std::optional<DecisionMap> map = {};  ///< of a pictured result on classes in a plane; without its points

    bool diverged() const { return reason == StopReason::diverged; }
};

/// What a trial is for. What is chosen in tuning must not know the test part, so that is left out there.
enum class TrialPurpose { tuning, result, pictured_result };

/// Runs an experiment on the parts that its data_request() loads, without writing anything. The same bits as
/// `ravine train` with the same settings. `listener` hears of the run; it may be null.
TrialRecord run_trial(const Experiment& experiment, std::shared_ptr<const Parts> parts, TrialPurpose purpose,
                      TrainListener* listener);

/// The record as JSON and back; reading throws RequestError("WHERE: ...") for anything else.
std::string trial_to_json(const TrialRecord& record);
TrialRecord trial_from_json(const std::string& text, const std::string& where);

}  // namespace ravine
