#include "ravine/lab/run/event_fields.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <type_traits>

#include "ravine/core/text/json_text.hpp"
#include "ravine/core/values/undefined.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

constexpr double infinity = std::numeric_limits<double>::infinity();

Json json_of(double value) {
    if (std::isnan(value)) return nullptr;
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}
Json json_of(int64_t value) { return value; }
Json json_of(BatchOutcome value) { return to_string(value); }

/// What JSON itself has no number for.
bool is_infinity(const Json& json) { return json == "inf" || json == "-inf"; }

void read(const Json& json, double& value) {
    if (json.is_null())
        value = undefined;
    else if (json.is_string())
        value = json == "inf" ? infinity : json == "-inf" ? -infinity : throw std::out_of_range("a number");
    else
        json.get_to(value);
}
void read(const Json& json, int64_t& value) { value = json_integer(json); }
void read(const Json& json, BatchOutcome& value) {
    if (json.is_boolean()) {  // of logs that knew gated batches, and took all others for updates
        value = json.get<bool>() ? BatchOutcome::gated : BatchOutcome::updated;
        return;
    }
    for (const auto outcome :
         {BatchOutcome::updated, BatchOutcome::rejected, BatchOutcome::converged, BatchOutcome::gated})
        if (json == to_string(outcome)) {
            value = outcome;
            return;
        }
    throw std::out_of_range("what became of a batch");
}

/// A table as it is written down: at(event) is a member.
template <class Event>
class Table {
public:
    template <class At>
    Table& add(std::string name, At at) {
        using T = std::remove_reference_t<decltype(at(std::declval<Event&>()))>;
        EventField<Event> f;
        f.name = std::move(name);
        f.get = [at](const Event& e) { return json_of(at(const_cast<Event&>(e))); };
        f.set = [at](Event& e, const Json& json) { read(json, at(e)); };
        f.is_implied = [](const Event&) { return false; };
        f.reset = [at](Event& e) {
            if constexpr (std::is_same_v<T, double>)
                at(e) = undefined;
            else
                at(e) = {};
        };
        fields_.push_back(std::move(f));
        return *this;
    }
    /// The last one is left out where it is `value(event)`.
    template <class At, class Implied>
    Table& add(std::string name, At at, Implied value) {
        add(std::move(name), at);
        auto& f = fields_.back();
        f.is_implied = [at, value](const Event& e) {
            const auto here = at(const_cast<Event&>(e));
            const auto implied = static_cast<decltype(here)>(value(e));
            return here == implied || (here != here && implied != implied);
        };
        f.reset = [at, value](Event& e) {
            at(e) = static_cast<std::remove_reference_t<decltype(at(e))>>(value(e));
        };
        return *this;
    }
    /// The last one had another name.
    Table& formerly(std::string name) {
        fields_.back().former_name = std::move(name);
        return *this;
    }
    /// The last one is in the records of trials alone.
    Table& unlogged() {
        fields_.back().is_logged = false;
        return *this;
    }
    std::vector<EventField<Event>> fields() { return std::move(fields_); }

private:
    std::vector<EventField<Event>> fields_;
};

template <class Event, class Value>
auto always(Value value) {
    return [value](const Event&) { return value; };
}

template <class Event>
Json logged(const std::vector<EventField<Event>>& fields, const Event& event) {
    Json line;
    for (const auto& f : fields) {
        if (!f.is_logged || f.is_implied(event)) continue;
        Json value = f.get(event);
        line[f.name] = is_infinity(value) ? Json() : std::move(value);
    }
    return line;
}

template <class Event>
Event from_log(const std::vector<EventField<Event>>& fields, const Json& line) {
    Event event{};
    for (const auto& f : fields) {
        auto found = line.find(f.name);
        if (found == line.end()) found = line.find(f.former_name);
        try {
            if (f.is_logged && found != line.end() && !is_infinity(*found)) {
                f.set(event, *found);
                continue;
            }
        } catch (const std::exception&) {
        }
        f.reset(event);
    }
    return event;
}

template <class Event>
Json recorded(const std::vector<EventField<Event>>& fields, const Event& event) {
    Json record;
    for (const auto& f : fields) record[f.name] = f.get(event);
    return record;
}

template <class Event>
Event from_record(const std::vector<EventField<Event>>& fields, const Json& record) {
    Event event{};
    for (const auto& f : fields) f.set(event, record.at(f.name));
    return event;
}

}  // namespace

const std::vector<EventField<StepEvent>>& step_fields() {
    using E = StepEvent;
    static const auto table =
        Table<E>()
            .add("step", [](E& e) -> int64_t& { return e.step; })
            .add("epoch", [](E& e) -> int64_t& { return e.epoch; })
            .add("train_loss", [](E& e) -> double& { return e.train_loss; })
            .add("learning_rate", [](E& e) -> double& { return e.learning_rate; })
            .add("gradient_norm", [](E& e) -> double& { return e.gradient_norm; })
            .add("seconds", [](E& e) -> double& { return e.seconds; })
            .add("work", [](E& e) -> double& { return e.work; })
            .add(
                "outcome", [](E& e) -> BatchOutcome& { return e.outcome; }, always<E>(BatchOutcome::updated))
            .formerly("gated")
            .add(
                "temperature", [](E& e) -> double& { return e.temperature; }, always<E>(1.0))
            .fields();
    return table;
}

const std::vector<EventField<EvaluationEvent>>& evaluation_fields() {
    using E = EvaluationEvent;
    static const auto table =
        Table<E>()
            .add("step", [](E& e) -> int64_t& { return e.step; })
            .add("epoch", [](E& e) -> int64_t& { return e.epoch; })
            .add("validation_loss", [](E& e) -> double& { return e.validation.loss; })
            .add("validation_accuracy", [](E& e) -> double& { return e.validation.accuracy; })
            .add("train_loss", [](E& e) -> double& { return e.train_loss; })
            .formerly("epoch_train_loss")
            .add("seconds", [](E& e) -> double& { return e.seconds; })
            .add("work", [](E& e) -> double& { return e.work; })
            .add(
                "updates", [](E& e) -> int64_t& { return e.updates; }, [](const E& e) { return e.step; })
            .add(
                "t", [](E& e) -> double& { return e.t; }, always<E>(1.0))
            .add(
                "gated", [](E& e) -> int64_t& { return e.gated; }, always<E>(0))
            .add(
                "evaluated_train_loss", [](E& e) -> double& { return e.training.loss; }, always<E>(undefined))
            .formerly("training_loss")
            .add(
                "train_accuracy", [](E& e) -> double& { return e.training.accuracy; }, always<E>(undefined))
            .formerly("training_accuracy")
            .add("training_seconds", [](E& e) -> double& { return e.training_seconds; })
            .unlogged()
            .add("forward_passes", [](E& e) -> int64_t& { return e.training_work.forward_passes; })
            .unlogged()
            .add("backward_passes", [](E& e) -> int64_t& { return e.training_work.backward_passes; })
            .unlogged()
            .add("forward_seconds", [](E& e) -> double& { return e.training_work.forward_seconds; })
            .unlogged()
            .add("backward_seconds", [](E& e) -> double& { return e.training_work.backward_seconds; })
            .unlogged()
            .add("equivalents", [](E& e) -> double& { return e.training_work.equivalents; })
            .unlogged()
            .fields();
    return table;
}

Json to_log(const StepEvent& event) { return logged(step_fields(), event); }
Json to_log(const EvaluationEvent& event) { return logged(evaluation_fields(), event); }
StepEvent step_from_log(const Json& line) { return from_log(step_fields(), line); }
EvaluationEvent evaluation_from_log(const Json& line) { return from_log(evaluation_fields(), line); }
Json to_record(const StepEvent& event) { return recorded(step_fields(), event); }
Json to_record(const EvaluationEvent& event) { return recorded(evaluation_fields(), event); }
StepEvent step_from_record(const Json& record) { return from_record(step_fields(), record); }
EvaluationEvent evaluation_from_record(const Json& record) {
    return from_record(evaluation_fields(), record);
}

}  // namespace ravine
