#include "ravine/lab/run/run.hpp"
#include "ravine/lab/experiment/model_file.hpp"

#include <spdlog/spdlog.h>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/data/augment/augmentation.hpp"
#include "ravine/lab/draw/decision_map.hpp"
#include "ravine/lab/report/run_report.hpp"
#include "ravine/lab/run/curriculum_file.hpp"
#include "ravine/lab/run/metrics_log.hpp"
#include "ravine/lab/run/pictures.hpp"
#include "ravine/lab/run/run_data.hpp"
#include "ravine/lab/run/saved_model.hpp"
#include "ravine/optim/rates/schedules.hpp"
#include "ravine/optim/rules/first_order.hpp"
#include "ravine/train/checkpoint/checkpoint.hpp"
#include "ravine/train/targets/target_plan.hpp"

namespace ravine {
namespace {

nlohmann::ordered_json to_json(const StageRecord& stage) {
    return {{"t", stage.t},         {"epochs", stage.epochs},         {"batches", stage.batches},
            {"gated", stage.gated}, {"entry_loss", stage.entry_loss}, {"exit_loss", stage.exit_loss}};
}

/// Saves a checkpoint where the run stops, and after an update when the last one is some time old, so that a
/// crash loses little.
class CheckpointSaver : public TrainListener {
public:
    CheckpointSaver(std::function<void()> save, double every)
        : save_(std::move(save)), every_(every), wait_(every) {}
    void on_progress(const StepEvent&, int64_t) override {
        if (seconds_since(last_) < wait_) return;
        const auto begin = Clock::now();
        save_();
        last_ = Clock::now();
        // Large weights on a slow disk: at most a tenth of the time goes there.
        wait_ = every_ > 0 ? std::max(every_, 10 * seconds_since(begin)) : 0;
    }
    void on_stop() override { save_(); }

private:
    std::function<void()> save_;
    double every_, wait_;
    Clock::time_point last_ = Clock::now();
};

/// Says once what goes wrong without an error.
class ConcernWatch : public TrainListener {
public:
    explicit ConcernWatch(const Optimizer& optimizer) : optimizer_(optimizer) {}
    void on_evaluation(const EvaluationEvent&) override {
        if (said_) return;
        const std::string concern = optimizer_.concern();
        said_ = !concern.empty();
        if (said_) spdlog::warn("{}", concern);
    }

private:
    const Optimizer& optimizer_;
    bool said_ = false;
};

std::string status_of(StopReason reason) {
    if (reason == StopReason::diverged) return "diverged";
    return reason == StopReason::interrupted ? "interrupted" : "done";
}

/// As summary.json has it.
std::string stop_reason(const TrainOutcome& outcome) {
    const std::string reason = to_string(outcome.reason),
                      detail = outcome.reason == StopReason::diverged ? outcome.failure : outcome.criterion;
    return detail.empty() ? reason : reason + ": " + detail;
}

}  // namespace

Run::Run(Experiment experiment, const Say& say) : experiment_(std::move(experiment)) {
    TrainingOptions options = training_options(experiment_);  // before the data, which may take their time
    const auto parts = std::make_shared<const Parts>(load_parts(data_request(experiment_)));
    prepare(std::move(options), parts);
    for (const auto& note : parts->notes) say(note);
}

Run::Run(Experiment experiment, std::shared_ptr<const Parts> parts) : experiment_(std::move(experiment)) {
    prepare(training_options(experiment_), std::move(parts));
}

void Run::prepare(TrainingOptions options, std::shared_ptr<const Parts> parts) {
    training_ = std::make_unique<Training>(std::move(options), std::move(parts));
    experiment_.threads = compile_options().threads;
    curriculum_ = curricula().make(Spec::parse(experiment_.curriculum));
    if (!experiment_.init.empty()) load_weights(experiment_.init);
}

void Run::load_weights(const std::string& path) {
    assign_tensors(read_safetensors(path), path, training_->parameters(), network().buffers(),
                   training_->buffers());
}

std::string Run::memory_plan() {
    const auto weights = static_cast<int64_t>(parameters().values().byte_count());
    int64_t state = 0;
    for (const auto& tensor : training_->optimizer().state().tensors)
        state += static_cast<int64_t>(tensor.values->byte_count());
    const auto megabytes = [](int64_t n) { return static_cast<double>(n) / 1e6; };
    const Program& program = training_->trainer().program();
    std::string text = fmt::format(
        "memory: weights {:.1f} MB, gradient {:.1f} MB, optimizer state {:.1f} MB, "
        "activations and scratch {:.1f} MB\n",
        megabytes(weights), megabytes(weights), megabytes(state), megabytes(program.arena_bytes()));
    return text + "one step (phase 0 forward, phase 1 backward):\n" + program.describe();
}

void Run::resume(const RunFolder& folder) {
    const auto is_there = [](const std::filesystem::path& path) { return std::filesystem::exists(path); };
    const bool begins_again = !is_there(folder.checkpoint()) && !is_there(folder.summary());
    if (!begins_again || is_there(folder.data())) require_recorded_data(folder, parts(), DataUse::training);
    if (curriculum_.exists() && std::filesystem::exists(folder.curriculum()))
        first_model_ = read_curriculum(folder.curriculum(), parts().training.size());
    if (begins_again) {
        resume_notes_.push_back("the run ended before its first checkpoint: it begins again");
        return;
    }
    read_checkpoint(folder.checkpoint(), training_->state(), training_->parameters(), network().buffers(),
                    training_->buffers(), saved_state());
    const int64_t lines = metrics_lines(folder.metrics(), state());
    if (lines < metrics_lines_)
        resume_notes_.push_back(fmt::format(
            "{}: expected {} lines up to the checkpoint, after update {}, found {}; the others are lost",
            folder.metrics().string(), metrics_lines_, state().step, lines));
    const int64_t cut = train_options().max_steps;
    if (cut > 0 && state().step >= cut && state().epoch < train_options().epochs)
        resume_notes_.push_back(
            fmt::format("the run stopped after {} batches, as --max-steps says, and stops there again; "
                        "--max-steps 0 lets "
                        "it go on",
                        cut));
    const auto stages = std::ssize(train_options().targets.stages);
    if (state().targets.stage.stage >= stages)
        fail_request("{}: expected one of {} stages of the targets, found number {}",
                     folder.checkpoint().string(), stages, state().targets.stage.stage + 1);
}

std::vector<std::string> Run::notes() const {
    std::vector<std::string> notes = resume_notes_;
    const TrainOptions evolving{.epochs = train_options().targets.epochs_until_final(),
                                .batch = train_options().batch};
    if (!train_options().targets.is_fixed() && train_options().max_steps > 0 &&
        train_options().max_steps <= total_steps(evolving, parts().training.size()))
        notes.push_back(fmt::format("targets: t may not reach {} within {} batches",
                                    format_number(train_options().targets.settings.final),
                                    train_options().max_steps));
    std::string schedule;
    for (const auto& part : parse_chain("schedule", experiment_.schedule))
        schedule += (schedule.empty() ? "" : "+") + part.name;
    if (train_options().gate.exists() && schedule != "constant")
        notes.push_back(fmt::format(
            "schedule '{}' counts updates, and gated batches make none: it may not come to its end",
            schedule));
    if (experiment_.then == "none" && experiment_.hand_over != Experiment{}.hand_over)
        notes.push_back("--hand-over does nothing without --then OPTIMIZER");
    const int64_t examples = parts().training.size();
    if (auto note = schedule_note(make_schedule(experiment_.schedule), run_length(train_options(), examples));
        !note.empty())
        notes.push_back(std::move(note));
    if (train_options().batch > 1 && examples % train_options().batch == 1 &&
        training_->buffers().size() > 0 && !network().lone_batch_norm(1).empty())
        notes.push_back(
            "the last batch of an epoch is a single example, of which batch normalisation makes nothing; its "
            "statistics leave it out. Another --batch avoids it");
    if (curriculum_.exists() && !first_model_)
        notes.push_back(fmt::format("curriculum: a first model is trained before, for {} epoch{}",
                                    curriculum_.first_epochs, curriculum_.first_epochs == 1 ? "" : "s"));
    return notes;
}

bool Run::follow_curriculum(const std::vector<TrainListener*>& listeners) {
    if (!curriculum_.exists()) return true;
    if (!first_model_ || (first_model_->losses.empty() && first_model_->failure.empty()))
        first_model_ = train_first_model(training_->options(), parts(), curriculum_.first_epochs, listeners);
    // Where it was stopped, so is the run, before its first batch.
    if (!first_model_->losses.empty())
        training_->trainer().follow({curriculum_, first_model_->losses, train_options().seed,
                                     total_epochs(train_options(), parts().training.size())});
    return first_model_->failure.empty();
}

RunResult Run::train(const std::vector<TrainListener*>& listeners) {
    if (!follow_curriculum(listeners))
        return {{.reason = StopReason::diverged,
                 .train_loss = undefined_scores.loss,
                 .validation = undefined_scores,
                 .failure = "the first model of the curriculum, " + first_model_->failure},
                undefined_scores,
                undefined_scores.loss};
    RunResult result{training_->run(listeners), undefined_scores, undefined_scores.loss};
    const Dataset& test = parts().test;
    if (test.size() == 0) return result;
    Evaluator evaluator(network(), compile_options());
    const Schema& schema = parts().schema;
    const auto [parameters, buffers, which] = this->result();
    result.test =
        evaluator.evaluate(test, schema.normalization, schema.target_normalization, parameters, buffers);
    if (predicts_numbers(test.task))
        result.test_rmse =
            root_mean_squared_error(evaluator.outputs(test, schema.normalization, parameters, buffers), test,
                                    schema.target_normalization);
    return result;
}

bool Run::has_ended(const RunFolder& folder) const {
    const bool is_complete = state().epoch >= train_options().epochs ||
                             (train_options().max_steps > 0 && state().step >= train_options().max_steps) ||
                             state().has_converged || training_->trainer().is_early(state());
    std::error_code ignored;
    if (!is_complete || !std::filesystem::exists(folder.summary()) ||
        !std::filesystem::exists(folder.report()) ||
        std::filesystem::last_write_time(folder.report(), ignored) <
            std::filesystem::last_write_time(folder.summary(), ignored))
        return false;
    const auto json = try_parse_json(read_file(folder.summary()));
    const auto is = [&](const char* key, const auto& value) {
        return json.is_object() && json.contains(key) && json[key] == value;
    };
    return is("status", "done") && is("steps", state().step);
}

RunResult Run::train(const RunFolder& folder, std::vector<TrainListener*> listeners, double save_every) {
    if (has_ended(folder)) return train(listeners);  // to be shown again; the folder stays as it is
    write_file_atomically(folder.config(), experiment_to_toml(experiment_));
    record_data(folder, parts());
    MetricsLog log(folder.metrics(), state());
    const auto save = [&] {
        log.sync();  // a checkpoint counts on the lines before it
        metrics_lines_ = log.lines();
        write_checkpoint(folder.checkpoint(), state(), training_->parameters(), network().buffers(),
                         training_->buffers(), saved_state());
    };
    CheckpointSaver saver(save, save_every);
    ConcernWatch concerns(training_->optimizer());
    listeners.push_back(&concerns);
    listeners.push_back(&log);
    listeners.push_back(&saver);
    const InterruptGuard guard;
    follow_curriculum(listeners);
    if (first_model_ && !first_model_->losses.empty()) write_curriculum(folder.curriculum(), *first_model_);
    const RunResult result = train(listeners);
    log.sync();
    write_results(folder, result);
    return result;
}

SavedState Run::saved_state() {
    SavedState result = training_->kept();
    result.counters.push_back({"metrics_lines", &metrics_lines_});
    return result;
}

void Run::write_models(const RunFolder& folder) {
    const auto write = [&](const std::filesystem::path& path,
                           const std::optional<Trainer::Weights>& weights) {
        std::error_code ignored;
        if (weights)
            write_model(path, network(), parts().schema, weights->parameters, weights->buffers);
        else
            std::filesystem::remove(path, ignored);  // of an earlier beginning of this run
    };
    const Trainer::Weights raw{training_->parameters(), training_->buffers(), WhichWeights::last};
    write(folder.model(), result());
    write(folder.best(), training_->trainer().best(state()));
    write(folder.raw(), result().which == WhichWeights::last ? std::nullopt : std::optional(raw));
}

void Run::write_results(const RunFolder& folder, const RunResult& result) {
    using Json = nlohmann::ordered_json;
    const TrainOutcome& outcome = result.outcome;
    write_models(folder);
    Json json{{"status", status_of(outcome.reason)},
              {"stop_reason", stop_reason(outcome)},
              {"steps", state().step},
              {"epochs", state().epoch},
              {"seconds", state().seconds},
              {"train_loss", outcome.train_loss},
              {"validation_loss", outcome.validation.loss},
              {"validation_accuracy", outcome.validation.accuracy},
              {"test_loss", result.test.loss},
              {"test_accuracy", result.test.accuracy},
              {"best_epoch", state().best_epoch},
              {"best_validation_loss", state().best_validation_loss},
              {"best_validation_accuracy", state().best_validation_accuracy},
              {"weights", to_string(this->result().which)},  // that the scores above are of
              {"forward_passes", state().forward_passes},
              {"backward_passes", state().backward_passes},
              {"work", state().work},
              {"updates", training_->optimizer().steps()},
              {"gated_batches", state().gated},
              {"forward_seconds", state().forward_seconds},
              {"backward_seconds", state().backward_seconds},
              {"update_seconds", state().update_seconds},
              {"parameters", parameters().values().size()},
              {"trained_parameters", trained_size(parameters().layout())},
              {"training_examples", parts().training.size()},
              {"validation_examples", parts().validation.size()},
              {"test_examples", parts().test.size()}};
    if (predicts_numbers(parts().test.task)) json["test_rmse"] = result.test_rmse;
    if (const auto concern = training_->optimizer().concern(); !concern.empty()) json["concern"] = concern;
    if (const auto learned = learned_rate())
        json["learned_rate"] = {
            {"median", learned->median}, {"updates", learned->updates}, {"settled", learned->is_settled}};
    if (const auto update = handed_over()) json["handed_over_after"] = *update;
    if (first_model_) {
        json["curriculum_seconds"] = first_model_->seconds;
        json["curriculum_forward_passes"] = first_model_->work.forward_passes;
        json["curriculum_backward_passes"] = first_model_->work.backward_passes;
        json["curriculum_work"] = first_model_->work.equivalents;
    }
    for (const auto& counted : rate_counts()) json["rate"][counted.name] = counted.count;
    for (const auto& stage : state().targets.records) json["stages"].push_back(to_json(stage));
    if (has_decision_map(*this)) {
        write_file_atomically(
            folder.boundary_csv(),
            boundary_csv_header + boundary_csv_lines(experiment_.optimizer, experiment_.seed,
                                                     decision_map(*this, boundary_csv_side)));
        write_file_atomically(folder.points_csv(), points_csv(parts()));
    }
    draw_pictures(folder, *this);
    // In this order last: has_ended() goes by them.
    write_file_atomically(folder.summary(), json.dump(2) + "\n");
    write_run_report(folder);
}

}  // namespace ravine
