#include "ravine/lab/run/run.hpp"
#include "ravine/lab/experiment/model_file.hpp"

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

NetworkOptions network_options(const Experiment& e, const Schema& schema) {
    NetworkOptions options{.feature_shape = schema.feature_shape,
                           .target_count = schema.output_count,
                           .task = schema.task,
                           .l1 = e.l1,
                           .l2 = e.l2};
    choose_model(options, e.model, e.model_origin);
    if (const auto augmentation = make_augmentation(e.augment))
        options.consistency = augmentation->consistency_weight();
    if (!e.loss.empty()) options.loss = Spec::parse(e.loss);
    options.evolving_targets = !target_evolutions().make(Spec::parse(e.targets)).is_fixed();
    options.divergence = gates().make(Spec::parse(e.gate)).exists();
    options.annealed = annealings().make(Spec::parse(e.anneal)).exists();
    if (!e.initializer.empty()) options.initialization = initializers().make(Spec::parse(e.initializer));
    return options;
}

/// A step of few operations is over before a second thread has woken up.
int choose_threads(int64_t wanted, const Network& network, int64_t batch) {
    if (wanted > 0) return static_cast<int>(wanted);
    constexpr double worthwhile = 2e7;  // weights times examples
    const double work = static_cast<double>(network.parameters()->size) * static_cast<double>(batch);
    return work < worthwhile ? 1 : available_threads();
}

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

std::string status_of(StopReason reason) {
    if (reason == StopReason::diverged) return "diverged";
    return reason == StopReason::interrupted ? "interrupted" : "done";
}

/// As summary.json has it.
std::string stop_reason(const TrainOutcome& outcome) {
    const std::string reason = to_string(outcome.reason), detail = outcome.reason == StopReason::diverged
                                                                       ? outcome.divergence
                                                                       : outcome.criterion;
    return detail.empty() ? reason : reason + ": " + detail;
}

/// Reads what the experiment names; throws RequestError for what there is not.
FirstOrderOptions optimizer_options(const Experiment& e) {
    if (e.dataset.empty()) fail_request("no data set given (`ravine list datasets` shows those with a name)");
    FirstOrderOptions optimizer{.rule = update_rules().make(Spec::parse(e.optimizer)),
                                .rate = rate_policies().make(Spec::parse(e.rate)),
                                .schedule = make_schedule(e.schedule),
                                .clipping = make_clipping(Spec::parse(e.clip)),
                                .weight_decay = e.weight_decay};
    parse_precision(e.precision);
    make_augmentation(e.augment);
    annealings().make(Spec::parse(e.anneal));
    stoppings().make(Spec::parse(e.stop));
    averagings().make(Spec::parse(e.average));
    check_curriculum(curricula().make(Spec::parse(e.curriculum)), parse_sampling(e.sampler), e.epochs);
    const Gate gate = gates().make(Spec::parse(e.gate));
    const TargetEvolution targets = target_evolutions().make(Spec::parse(e.targets));
    if (gate.is_relative && targets.is_fixed())
        fail_request(
            "gate: epsilon=auto is a share of what evolving targets ask for; give --targets acet or "
            "acet-auto, "
            "or a number");
    return optimizer;
}

}  // namespace

void check_names(const Experiment& experiment) { optimizer_options(experiment); }

DataRequest data_request(const Experiment& e) {
    DataRequest request{.dataset = e.dataset,
                        .data_dir = e.data_dir,
                        .target = e.target,
                        .task = e.task,
                        .seed = static_cast<uint64_t>(e.seed),
                        .training_examples = e.examples};
    if (e.validation_share >= 0) request.validation_share = e.validation_share;
    if (e.test_share >= 0) request.test_share = e.test_share;
    return request;
}

Run::Run(Experiment experiment, const Say& say)
    : Run(experiment, [&] {
          check_names(experiment);  // before the data, which may take their time
          auto parts = std::make_shared<const Parts>(load_parts(data_request(experiment)));
          for (const auto& note : parts->notes) say(note);
          return parts;
      }()) {}

Run::Run(Experiment experiment, std::shared_ptr<const Parts> parts)
    : experiment_(std::move(experiment)), parts_(std::move(parts)) {
    Experiment& e = experiment_;
    FirstOrderOptions optimizer = optimizer_options(e);
    options_.compile.precision = parse_precision(e.precision);
    options_.sampling = parse_sampling(e.sampler);
    network_ = std::make_unique<Network>(network_options(e, parts_->schema));

    options_.epochs = e.epochs;
    options_.max_steps = e.max_steps;
    options_.batch = std::min(e.batch, std::max<int64_t>(1, parts_->training.size()));
    e.threads = choose_threads(e.threads, *network_, options_.batch);
    options_.compile.threads = static_cast<int>(e.threads);
    options_.seed = static_cast<uint64_t>(e.seed);
    options_.log_every = e.log_every;
    options_.targets = make_target_plan(target_evolutions().make(Spec::parse(e.targets)), network_->loss(),
                                        network_->options().loss.text(), parts_->training,
                                        parts_->schema.target_normalization, options_.epochs);
    if (options_.targets.settings.start == TargetStart::null && !options_.targets.is_fixed() &&
        network_->output_count() < parts_->schema.output_count)
        fail_request("targets: the null vector of a single output is class 0; use start=uniform");
    options_.gate = gates().make(Spec::parse(e.gate));
    options_.annealing = annealings().make(Spec::parse(e.anneal));
    options_.stopping = stoppings().make(Spec::parse(e.stop));
    options_.averaging = averagings().make(Spec::parse(e.average));
    curriculum_ = curricula().make(Spec::parse(e.curriculum));
    options_.augmentation = make_augmentation(e.augment);
    if (options_.augmentation) options_.augmentation->check(parts_->training);
    if (e.train_scores) options_.evaluate = TrainOptions::Evaluate::validation_and_training;

    parameters_ = std::make_unique<Parameters>(network_->parameters(), options_.compile.precision);
    buffers_ = network_->initial_buffers(options_.compile.precision);
    network_->initialize(*parameters_, options_.seed);
    if (!e.init.empty()) load_weights(e.init);

    optimizer.run_length = run_length(options_, parts_->training.size());
    optimizer_ = std::make_unique<FirstOrder>(optimizer, network_->parameters(), options_.compile);
    trainer_ = std::make_unique<Trainer>(*network_, *parts_, *parameters_, buffers_, *optimizer_, options_);
    trainer_->program();  // what cannot be compiled is refused before a folder is made
}

void Run::load_weights(const std::string& path) {
    assign_tensors(read_safetensors(path), path, *parameters_, network_->buffers(), buffers_);
}

std::string Run::memory_plan() {
    const auto bytes = [](int64_t elements, Precision p) {
        return elements * static_cast<int64_t>(element_size(p));
    };
    const Precision precision = options_.compile.precision;
    const int64_t weights = bytes(parameters_->values().size(), precision);
    const auto megabytes = [](int64_t n) { return static_cast<double>(n) / 1e6; };
    const Program& program = trainer_->program();
    std::string text = fmt::format(
        "memory: weights {:.1f} MB, gradient {:.1f} MB, optimizer state {:.1f} MB, "
        "activations and scratch {:.1f} MB\n",
        megabytes(weights), megabytes(weights),
        megabytes(weights * static_cast<int64_t>(optimizer_->state().tensors.size())),
        megabytes(program.arena_bytes()));
    return text + "one step (phase 0 forward, phase 1 backward):\n" + program.describe();
}

void Run::resume(const RunFolder& folder) {
    const auto is_there = [](const std::filesystem::path& path) { return std::filesystem::exists(path); };
    const bool begins_again = !is_there(folder.checkpoint()) && !is_there(folder.summary());
    if (!begins_again || is_there(folder.data())) require_recorded_data(folder, *parts_, DataUse::training);
    if (curriculum_.exists() && std::filesystem::exists(folder.curriculum()))
        first_model_ = read_curriculum(folder.curriculum(), parts_->training.size());
    if (begins_again) {
        resume_notes_.push_back("the run ended before its first checkpoint: it begins again");
        return;
    }
    read_checkpoint(folder.checkpoint(), state_, *parameters_, network_->buffers(), buffers_, saved_state());
    const int64_t lines = metrics_lines(folder.metrics(), state_);
    if (lines < metrics_lines_)
        resume_notes_.push_back(fmt::format(
            "{}: expected {} lines up to the checkpoint, after update {}, found {}; the others are lost",
            folder.metrics().string(), metrics_lines_, state_.step, lines));
    const auto stages = std::ssize(options_.targets.stages);
    if (state_.targets.stage.stage >= stages)
        fail_request("{}: expected one of {} stages of the targets, found number {}",
                     folder.checkpoint().string(), stages, state_.targets.stage.stage + 1);
}

std::vector<std::string> Run::notes() const {
    std::vector<std::string> notes = resume_notes_;
    const TrainOptions evolving{.epochs = options_.targets.epochs_until_final(), .batch = options_.batch};
    if (!options_.targets.is_fixed() && options_.max_steps > 0 &&
        options_.max_steps <= total_steps(evolving, parts_->training.size()))
        notes.push_back(fmt::format("targets: t may not reach {} within {} batches",
                                    format_number(options_.targets.settings.final), options_.max_steps));
    std::string schedule;
    for (const auto& part : parse_chain("schedule", experiment_.schedule))
        schedule += (schedule.empty() ? "" : "+") + part.name;
    if (options_.gate.exists() && schedule != "constant")
        notes.push_back(fmt::format(
            "schedule '{}' counts updates, and gated batches make none: it may not come to its end",
            schedule));
    const int64_t examples = parts_->training.size();
    if (auto note = schedule_note(make_schedule(experiment_.schedule), run_length(options_, examples));
        !note.empty())
        notes.push_back(std::move(note));
    if (options_.batch > 1 && examples % options_.batch == 1 && buffers_.size() > 0 &&
        !network_->lone_batch_norm(1).empty())
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
    if (!first_model_ || (first_model_->losses.empty() && first_model_->divergence.empty()))
        first_model_ = train_first_model(network_->options(), *parts_, optimizer_options(experiment_),
                                         options_, curriculum_.first_epochs, listeners);
    // Where it was stopped, so is the run, before its first batch.
    if (!first_model_->losses.empty())
        trainer_->follow({curriculum_, first_model_->losses, options_.seed,
                          total_epochs(options_, parts_->training.size())});
    return first_model_->divergence.empty();
}

RunResult Run::train(const std::vector<TrainListener*>& listeners) {
    if (!follow_curriculum(listeners))
        return {{.reason = StopReason::diverged,
                 .train_loss = undefined_scores.loss,
                 .validation = undefined_scores,
                 .divergence = "the first model of the curriculum, " + first_model_->divergence},
                undefined_scores,
                undefined_scores.loss};
    RunResult result{trainer_->run(state_, listeners), undefined_scores, undefined_scores.loss};
    const Dataset& test = parts_->test;
    if (test.size() == 0) return result;
    Evaluator evaluator(*network_, options_.compile);
    const Schema& schema = parts_->schema;
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
    const bool is_complete = state_.epoch >= options_.epochs ||
                             (options_.max_steps > 0 && state_.step >= options_.max_steps) ||
                             state_.has_converged || trainer_->is_early(state_);
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
    return is("status", "done") && is("steps", state_.step);
}

RunResult Run::train(const RunFolder& folder, std::vector<TrainListener*> listeners, double save_every) {
    if (has_ended(folder)) return train(listeners);  // to be shown again; the folder stays as it is
    write_file_atomically(folder.config(), experiment_to_toml(experiment_));
    record_data(folder, *parts_);
    MetricsLog log(folder.metrics(), state_);
    const auto save = [&] {
        log.sync();  // a checkpoint counts on the lines before it
        metrics_lines_ = log.lines();
        write_checkpoint(folder.checkpoint(), state_, *parameters_, network_->buffers(), buffers_,
                         saved_state());
    };
    CheckpointSaver saver(save, save_every);
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
    SavedState result{.counters = {{"metrics_lines", &metrics_lines_}}};
    result.append("optimizer.", optimizer_->state());
    result.append("trainer.", trainer_->kept());
    return result;
}

void Run::write_models(const RunFolder& folder) {
    const auto write = [&](const std::filesystem::path& path,
                           const std::optional<Trainer::Weights>& weights) {
        std::error_code ignored;
        if (weights)
            write_model(path, *network_, parts_->schema, weights->parameters, weights->buffers);
        else
            std::filesystem::remove(path, ignored);  // of an earlier beginning of this run
    };
    const Trainer::Weights raw{*parameters_, buffers_, WhichWeights::last};
    write(folder.model(), result());
    write(folder.best(), trainer_->best(state_));
    write(folder.raw(), result().which == WhichWeights::last ? std::nullopt : std::optional(raw));
}

void Run::write_results(const RunFolder& folder, const RunResult& result) {
    using Json = nlohmann::ordered_json;
    const TrainOutcome& outcome = result.outcome;
    write_models(folder);
    Json json{{"status", status_of(outcome.reason)},
              {"stop_reason", stop_reason(outcome)},
              {"steps", state_.step},
              {"epochs", state_.epoch},
              {"seconds", state_.seconds},
              {"train_loss", outcome.train_loss},
              {"validation_loss", outcome.validation.loss},
              {"validation_accuracy", outcome.validation.accuracy},
              {"test_loss", result.test.loss},
              {"test_accuracy", result.test.accuracy},
              {"best_epoch", state_.best_epoch},
              {"best_validation_loss", state_.best_validation_loss},
              {"best_validation_accuracy", state_.best_validation_accuracy},
              {"weights", to_string(this->result().which)},  // that the scores above are of
              {"forward_passes", state_.forward_passes},
              {"backward_passes", state_.backward_passes},
              {"updates", optimizer_->steps()},
              {"gated_batches", state_.gated},
              {"forward_seconds", state_.forward_seconds},
              {"backward_seconds", state_.backward_seconds},
              {"update_seconds", state_.update_seconds},
              {"parameters", parameters_->values().size()},
              {"training_examples", parts_->training.size()},
              {"validation_examples", parts_->validation.size()},
              {"test_examples", parts_->test.size()}};
    if (predicts_numbers(parts_->test.task)) json["test_rmse"] = result.test_rmse;
    if (first_model_) {
        json["curriculum_seconds"] = first_model_->seconds;
        json["curriculum_forward_passes"] = first_model_->work.forward_passes;
        json["curriculum_backward_passes"] = first_model_->work.backward_passes;
    }
    for (const auto& stage : state_.targets.records) json["stages"].push_back(to_json(stage));
    if (has_decision_map(*this)) {
        write_file_atomically(
            folder.boundary_csv(),
            boundary_csv_header + boundary_csv_lines(experiment_.optimizer, experiment_.seed,
                                                     decision_map(*this, boundary_csv_side)));
        write_file_atomically(folder.points_csv(), points_csv(*parts_));
    }
    draw_pictures(folder, *this);
    // In this order last: has_ended() goes by them.
    write_file_atomically(folder.summary(), json.dump(2) + "\n");
    write_run_report(folder);
}

}  // namespace ravine
