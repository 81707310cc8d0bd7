#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ravine/train/training/listener.hpp"

namespace ravine {

/// A quantity of an event as files have it: metrics.jsonl, and the records of trials. A new quantity is a
/// member of the event and a line of its table.
template <class Event>
struct EventField {
    using Json = nlohmann::ordered_json;

    std::string name;
    /// What logs of earlier versions call it; empty: the same.
    std::string former_name = {};
    /// Numbers, counts and names as JSON's; infinities as "inf" and "-inf", NaN as null.
    std::function<Json(const Event&)> get;
    /// Throws std::exception for JSON of another type.
    std::function<void(Event&, const Json&)> set;
    /// Whether the file leaves it out: what it is then, reset() says.
    std::function<bool(const Event&)> is_implied;
    std::function<void(Event&)> reset;
    /// Whether metrics.jsonl has it; records of trials have all.
    bool is_logged = true;
};

/// In the order in which files have them.
const std::vector<EventField<StepEvent>>& step_fields();
const std::vector<EventField<EvaluationEvent>>& evaluation_fields();

/// The fields that metrics.jsonl has of an event. JSON itself knows no infinity: there they are null too.
nlohmann::ordered_json to_log(const StepEvent& event);
nlohmann::ordered_json to_log(const EvaluationEvent& event);
/// What a line says; members that are missing, or of another type, are as if they were left out, and NaN
/// where nothing is implied.
StepEvent step_from_log(const nlohmann::ordered_json& line);
EvaluationEvent evaluation_from_log(const nlohmann::ordered_json& line);

/// All fields of an event, exactly.
nlohmann::ordered_json to_record(const StepEvent& event);
nlohmann::ordered_json to_record(const EvaluationEvent& event);
/// Throws std::exception where a field is missing or of another type.
StepEvent step_from_record(const nlohmann::ordered_json& record);
EvaluationEvent evaluation_from_record(const nlohmann::ordered_json& record);

}  // namespace ravine
