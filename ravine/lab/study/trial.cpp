#include "ravine/lab/study/trial.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/lab/run/event_fields.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

/// Keeps the events of a run.
class Recorder : public TrainListener {
public:
    explicit Recorder(TrialRecord& record) : record_(record) {}
    void on_progress(const StepEvent& event, int64_t) override {
        ++record_.batches;
        record_.gated += event.outcome == BatchOutcome::gated ? 1 : 0;
        record_.updates += event.outcome == BatchOutcome::updated ? 1 : 0;
    }
    void on_step(const StepEvent& event) override { record_.steps.push_back(event); }
    void on_evaluation(const EvaluationEvent& event) override { record_.evaluations.push_back(event); }

private:
    TrialRecord& record_;
};

/// JSON has no NaN and no infinity: null stands for the one, a text for the other.
Json number(double value) {
    if (std::isnan(value)) return nullptr;
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}

double number_of(const Json& json) {
    if (json.is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (json.is_string()) return (json == "inf" ? 1 : -1) * std::numeric_limits<double>::infinity();
    return json.get<double>();
}

Json scores(const Scores& s) { return {number(s.loss), number(s.accuracy)}; }
Scores scores_of(const Json& json) { return {number_of(json.at(0)), number_of(json.at(1))}; }

Json work(const Work& w) {
    return {w.forward_passes, w.backward_passes, w.forward_seconds, w.backward_seconds, w.equivalents};
}
Work work_of(const Json& json) {
    return {json_integer(json.at(0)), json_integer(json.at(1)), json.at(2), json.at(3), json.at(4)};
}

Json counts(const AnswerCounts& a) { return {a.training, a.validation, a.test}; }
AnswerCounts counts_of(const Json& json) {
    return {json_integer(json.at(0)), json_integer(json.at(1)), json_integer(json.at(2))};
}

AnswerCounts answers_of(const Parts& parts, int64_t outputs) {
    const Task task = parts.schema.task;
    if (predicts_numbers(task)) return {};
    const int64_t each = task == Task::multi_label ? outputs : 1;
    return {each * parts.training.size(), each * parts.validation.size(), each * parts.test.size()};
}

Json map(const DecisionMap& m) {
    return {{"x", {m.grid.x.low, m.grid.x.high}},
            {"y", {m.grid.y.low, m.grid.y.high}},
            {"columns", m.grid.columns},
            {"rows", m.grid.rows},
            {"names", m.class_names},
            {"classes", m.classes}};
}

DecisionMap map_of(const Json& json) {
    const auto interval = [](const Json& ends) { return Interval{ends.at(0), ends.at(1)}; };
    DecisionMap m{.grid = {interval(json.at("x")), interval(json.at("y")), json_integer(json.at("columns")),
                           json_integer(json.at("rows"))},
                  .classes = json.at("classes"),
                  .class_names = json.at("names")};
    const auto names = std::ssize(m.class_names);
    constexpr int64_t most = 1 << 16;  // cells a side; the product can be counted
    if (m.grid.columns < 0 || m.grid.rows < 0 || m.grid.columns > most || m.grid.rows > most ||
        std::ssize(m.classes) != m.grid.size() ||
        std::ranges::any_of(m.classes, [&](int64_t c) { return c < 0 || c >= names; }))
        throw std::out_of_range("a class for each cell of a map");
    return m;
}

std::shared_ptr<const Parts> without_test(const Parts& parts) {
    auto result = std::make_shared<Parts>(parts);
    result->test = parts.test.subset({});
    return result;
}

StopReason reason_of(const std::string& text) {
    for (const auto reason : {StopReason::epochs, StopReason::max_steps, StopReason::early,
                              StopReason::converged, StopReason::diverged})
        if (to_string(reason) == text) return reason;
    throw std::out_of_range("a reason to stop, found '" + text + "'");
}

}  // namespace

TrialRecord run_trial(const Experiment& experiment, std::shared_ptr<const Parts> parts, TrialPurpose purpose,
                      TrainListener* listener) {
    if (purpose == TrialPurpose::tuning) parts = without_test(*parts);
    Run run(experiment, std::move(parts));
    TrialRecord record{.experiment = experiment, .failure = {}};
    Recorder recorder(record);
    std::vector<TrainListener*> listeners{&recorder};
    if (listener != nullptr) listeners.push_back(listener);
    const RunResult result = run.train(listeners);
    record.reason = result.outcome.reason;
    record.failure = result.outcome.failure;
    record.parameters = run.parameters().values().size();
    record.epochs = run.state().epoch;
    record.best_epoch = run.state().best_epoch;
    record.train_loss = result.outcome.train_loss;
    record.validation = result.outcome.validation;
    record.test = result.test;
    record.test_rmse = result.test_rmse;
    record.answers = answers_of(run.parts(), run.network().output_count());
    if (const auto& first = run.first_model()) {
        for (auto& event : record.evaluations) {
            event.training_seconds += first->seconds;
            event.training_work += first->work;
        }
    }
    if (!record.evaluations.empty()) {
        record.seconds = record.evaluations.back().training_seconds;
        record.work = record.evaluations.back().training_work;
    }
    if (purpose == TrialPurpose::pictured_result && !record.diverged() && has_decision_map(run)) {
        record.map = decision_map(run, boundary_csv_side);
        record.map->point_x = record.map->point_y = {};
        record.map->point_classes = {};
    }
    return record;
}

std::string trial_to_json(const TrialRecord& r) {
    Json steps = Json::array(), evaluations = Json::array(), experiment;
    for (const auto& f : experiment_fields()) experiment[f.name] = f.get(r.experiment);
    for (const auto& e : r.steps) steps.push_back(to_record(e));
    for (const auto& e : r.evaluations) evaluations.push_back(to_record(e));
    Json json{{"experiment", experiment},
              {"reason", to_string(r.reason)},
              {"failure", r.failure},
              {"parameters", r.parameters},
              {"updates", r.updates},
              {"batches", r.batches},
              {"gated", r.gated},
              {"epochs", r.epochs},
              {"best_epoch", r.best_epoch},
              {"seconds", r.seconds},
              {"work", work(r.work)},
              {"train_loss", number(r.train_loss)},
              {"validation", scores(r.validation)},
              {"test", scores(r.test)},
              {"test_rmse", number(r.test_rmse)},
              {"answers", counts(r.answers)},
              {"steps", steps},
              {"evaluations", evaluations}};
    if (r.map) json["map"] = map(*r.map);
    return json.dump();
}

TrialRecord trial_from_json(const std::string& text, const std::string& where) try {
    const Json json = parse_json<Json>(text, where + ": expected the record of a trial");
    TrialRecord r{.experiment = {},
                  .reason = reason_of(json.at("reason")),
                  .failure = json.at("failure"),
                  .parameters = json_integer(json.at("parameters")),
                  .updates = json_integer(json.at("updates")),
                  .epochs = json_integer(json.at("epochs")),
                  .batches = json_integer(json.at("batches")),
                  .gated = json_integer(json.at("gated")),
                  .best_epoch = json_integer(json.at("best_epoch")),
                  .seconds = json.at("seconds"),
                  .work = work_of(json.at("work")),
                  .train_loss = number_of(json.at("train_loss")),
                  .validation = scores_of(json.at("validation")),
                  .test = scores_of(json.at("test")),
                  .test_rmse = number_of(json.at("test_rmse")),
                  .answers = counts_of(json.at("answers"))};
    for (const auto& [name, value] : json.at("experiment").items())
        set_experiment(r.experiment, name, where + ": " + name, value.get<std::string>());
    for (const auto& e : json.at("steps")) r.steps.push_back(step_from_record(e));
    for (const auto& e : json.at("evaluations")) r.evaluations.push_back(evaluation_from_record(e));
    if (json.contains("map")) r.map = map_of(json["map"]);
    return r;
} catch (const nlohmann::json::exception& error) {
    fail_request("{}: expected the record of a trial: {}", where, json_complaint(error));
} catch (const std::out_of_range& error) {
    fail_request("{}: expected {}", where, error.what());
}

}  // namespace ravine
