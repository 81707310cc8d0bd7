#include "ravine/lab/inspect/inspection.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/lab/inspect/fixed_sample.hpp"
#include "ravine/lab/run/metrics_log.hpp"
#include "ravine/lab/run/saved_model.hpp"

namespace ravine {
namespace {

/// The 2-norm of a slice.
double norm(const Vector& values, const Slice& slice) {
    double squares = 0;
    for (int64_t i = slice.offset; i < slice.offset + slice.size(); ++i)
        squares += values.at(i) * values.at(i);
    return std::sqrt(squares);
}

double dot(const Vector& a, const Vector& b) {
    double total = 0;
    for (int64_t i = 0; i < a.size(); ++i) total += a.at(i) * b.at(i);
    return total;
}

/// theta + direction * step.
Parameters moved(const Parameters& from, const Vector& direction, double step) {
    Parameters result = from;
    const auto values = result.write();
    for (int64_t i = 0; i < values->size(); ++i) values->set(i, values->at(i) + step * direction.at(i));
    return result;
}

/// Looks at a run on its way: before the update of each moment it keeps the parameters, and after the update
/// looks at what they were and what became of them.
class Inspector : public TrainListener {
public:
    Inspector(const Run& run, const InspectOptions& options, int64_t steps, Inspection& result)
        : run_(run),
          options_(options),
          steps_(steps),
          result_(result),
          sample_(run, options.examples),
          objective_(batch_objective(run.network(), sample_.size(), run.compile_options())),
          layers_(run.network(), sample_.at_step(0), run.compile_options()),
          before_(run.parameters()),
          gradient_(before_.values().size(), before_.values().precision()),
          update_(gradient_) {
        objective_->on(sample_.at_step(0));
        result_.examples = sample_.size();
    }

    void on_progress(const StepEvent& event, int64_t total_steps) override {
        result_.steps = event.step;
        if (moments_.empty()) {
            steps_ = steps_ > 0 ? std::min(steps_, total_steps) : total_steps;
            moments_ = log_spaced(steps_, options_.moments);
        }
        const auto is_moment = [&](int64_t step) { return std::ranges::binary_search(moments_, step); };
        if (is_moment(event.step)) look(event);
        if (is_moment(event.step + 1)) before_.write()->assign(run_.parameters().values());
    }

    bool wants_to_stop() const override { return steps_ > 0 && result_.steps >= steps_; }

private:
    void look(const StepEvent& event) {
        const Parameters& now = run_.parameters();
        Moment moment{.step = event.step, .learning_rate = event.learning_rate};
        moment.loss = objective_->value_and_gradient(before_, gradient_);
        for (int64_t i = 0; i < update_.size(); ++i)
            update_.set(i, now.values().at(i) - before_.values().at(i));
        moment.squared_gradient = dot(gradient_, gradient_);
        const Along along_gradient = objective_->along(before_, gradient_, 0);
        const Along along_update = objective_->along(before_, update_, 0);
        moment.curvature = along_gradient.curvature;
        const double rate = event.learning_rate;
        moment.gradient_step = {-rate * moment.squared_gradient + rate * rate * moment.curvature / 2,
                                objective_->value(moved(before_, gradient_, -rate)) - moment.loss};
        moment.update = {along_update.slope + along_update.curvature / 2,
                         objective_->value(now) - moment.loss};
        moment.layers = layers_.look(before_);
        for (const Slice& slice : before_.layout().slices) {
            if (!slice.trainable) continue;
            moment.tensors.push_back(
                {slice.name, norm(before_.values(), slice), norm(gradient_, slice), norm(update_, slice)});
        }
        result_.moments.push_back(std::move(moment));
    }

    const Run& run_;
    const InspectOptions& options_;
    int64_t steps_;
    Inspection& result_;
    FixedSample sample_;
    std::unique_ptr<GraphObjective> objective_;
    LayerMonitor layers_;
    std::vector<int64_t> moments_;
    Parameters before_;
    Vector gradient_, update_;
};

/// Updates after which the run was stopped before its end; 0 where it was not, or where nothing says so.
int64_t steps_of_stopped_run(const RunFolder& folder) {
    if (!std::filesystem::exists(folder.summary())) return 0;
    const auto json = try_parse_json(read_file(folder.summary()));
    const auto is = [&](const char* key) { return json.is_object() && json.contains(key); };
    if (!is("status") || json["status"] != "interrupted" || !is("steps")) return 0;
    return is_json_integer(json["steps"]) ? json["steps"].get<int64_t>() : 0;
}

/// Updates up to the end of the epoch whose weights are in best.safetensors.
int64_t steps_of_best(const RunFolder& folder) {
    folder.saved_model(SavedWeights::best);
    const auto json = try_parse_json(read_file(folder.summary()));
    const bool is_known =
        json.is_object() && json.contains("best_epoch") && is_json_integer(json["best_epoch"]);
    const int64_t epoch = is_known ? json["best_epoch"].get<int64_t>() : 0;
    for (const auto& evaluation : read_metrics(folder.metrics()).evaluations)
        if (evaluation.epoch == epoch) return evaluation.step;
    fail_request("{}: expected the evaluation of epoch {}, the best, found none", folder.metrics().string(),
                 epoch);
}

/// Compares the weights with those that the folder holds.
void compare(const RunFolder& folder, SavedWeights weights, const Run& run, Inspection& inspection) {
    if (!std::filesystem::exists(folder.model(weights))) return;
    const SavedModel saved = read_model(folder.model(weights));
    const Parameters& weighed = weights == SavedWeights::last ? run.parameters() : run.evaluated().parameters;
    const Vector &ours = weighed.values(), &theirs = saved.parameters->values();
    if (ours.size() != theirs.size()) return;
    for (int64_t i = 0; i < ours.size(); ++i)
        inspection.largest_difference =
            std::max(inspection.largest_difference, std::abs(ours.at(i) - theirs.at(i)));
    inspection.rerun = inspection.largest_difference == 0 ? Rerun::same : Rerun::different;
}

}  // namespace

std::vector<int64_t> log_spaced(int64_t total, int64_t count) {
    std::vector<int64_t> steps;
    for (int64_t i = 0; i < count; ++i) {
        const double share = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 1;
        const auto step = static_cast<int64_t>(std::llround(std::pow(static_cast<double>(total), share)));
        if (steps.empty() || step > steps.back()) steps.push_back(step);
    }
    return steps;
}

Inspection inspect(const RunFolder& folder, const InspectOptions& options, const std::string& data_dir,
                   const std::vector<TrainListener*>& listeners, const Say& say) {
    Experiment experiment;
    read_experiment(experiment, folder.config());
    if (!data_dir.empty()) experiment.data_dir = data_dir;
    Run run(experiment, say);
    Inspection inspection{.experiment = run.experiment()};
    SavedWeights weights = options.weights;
    if (weights == SavedWeights::result && run.train_options().stopping.exists() &&
        std::filesystem::exists(folder.best()))
        weights = SavedWeights::best;
    const int64_t stopped =
        weights == SavedWeights::best ? steps_of_best(folder) : steps_of_stopped_run(folder);
    const bool cut = options.max_steps > 0 && (stopped == 0 || options.max_steps < stopped);
    Inspector inspector(run, options, cut ? options.max_steps : stopped, inspection);
    std::vector<TrainListener*> all = listeners;
    all.push_back(&inspector);
    const RunResult result = run.train(all);
    inspection.failure = result.outcome.failure;
    inspection.interrupted = result.outcome.reason == StopReason::interrupted;
    const bool cut_short = cut && result.outcome.reason == StopReason::listener;
    if (!inspection.interrupted && !cut_short) compare(folder, weights, run, inspection);
    return inspection;
}

}  // namespace ravine
