#include "ravine/train/checkpoint/checkpoint.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/core/values/undefined.hpp"
#include "ravine/train/checkpoint/tensors.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

/// Of the file's parts and the state's members: 2 since an epoch's losses are sums over examples, not
/// batches; 3 since whatever has state names its tensors, numbers and counters itself.
constexpr int64_t state_layout = 3;

Json to_json(const TrainState& s) {
    // Best values are absent until there is one: JSON has no infinity.
    Json json{{"layout", state_layout},
              {"step", s.step},
              {"epoch", s.epoch},
              {"batch_in_epoch", s.batch_in_epoch},
              {"epoch_loss", s.epoch_loss},
              {"epoch_divergence", s.epoch_divergence},
              {"best_epoch", s.best_epoch},
              {"since_best", s.since_best},
              {"has_converged", s.has_converged},
              {"criterion", s.criterion},
              {"forward_passes", s.forward_passes},
              {"backward_passes", s.backward_passes},
              {"seconds", s.seconds},
              {"forward_seconds", s.forward_seconds},
              {"backward_seconds", s.backward_seconds},
              {"update_seconds", s.update_seconds},
              {"gated", s.gated},
              {"epoch_gated", s.epoch_gated},
              {"target_stage", s.targets.stage.stage},
              {"target_stage_epochs", s.targets.stage.epochs}};
    if (std::isfinite(s.targets.loss)) json["stage_loss"] = s.targets.loss;
    for (const auto& stage : s.targets.records)
        json["stages"].push_back(
            {stage.t, stage.epochs, stage.batches, stage.gated, stage.entry_loss, stage.exit_loss});
    if (std::isfinite(s.train_loss)) json["train_loss"] = s.train_loss;
    if (std::isfinite(s.work)) json["work"] = s.work;
    if (s.best_epoch > 0) {
        json["best"] = s.best;
        json["best_validation_loss"] = s.best_validation_loss;
        json["best_validation_accuracy"] = s.best_validation_accuracy;
    }
    return json;
}

constexpr int64_t most_counted = int64_t{1} << 53;  // what is counted on from there does not overflow

TrainState from_json(const Json& json) {
    TrainState s;
    for (const auto& [key, count] : {std::pair{"step", &s.step},
                                     {"epoch", &s.epoch},
                                     {"batch_in_epoch", &s.batch_in_epoch},
                                     {"best_epoch", &s.best_epoch},
                                     {"since_best", &s.since_best},
                                     {"forward_passes", &s.forward_passes},
                                     {"backward_passes", &s.backward_passes},
                                     {"gated", &s.gated},
                                     {"epoch_gated", &s.epoch_gated},
                                     {"target_stage", &s.targets.stage.stage},
                                     {"target_stage_epochs", &s.targets.stage.epochs}}) {
        *count = json_integer(json.at(key));
        if (*count < 0) fail_request("expected '{}' at least 0, found {}", key, *count);
        if (*count > most_counted)
            fail_request("expected '{}' at most {}, found {}", key, most_counted, *count);
    }
    for (const auto& [key, number] : {std::pair{"epoch_loss", &s.epoch_loss},
                                      {"epoch_divergence", &s.epoch_divergence},
                                      {"seconds", &s.seconds},
                                      {"forward_seconds", &s.forward_seconds},
                                      {"backward_seconds", &s.backward_seconds},
                                      {"update_seconds", &s.update_seconds}})
        json.at(key).get_to(*number);
    json.at("has_converged").get_to(s.has_converged);
    json.at("criterion").get_to(s.criterion);
    if (json.contains("stage_loss")) json["stage_loss"].get_to(s.targets.loss);
    if (json.contains("stages"))
        for (const auto& stage : json["stages"])
            s.targets.records.push_back({.t = stage.at(0),
                                         .epochs = json_integer(stage.at(1)),
                                         .batches = json_integer(stage.at(2)),
                                         .gated = json_integer(stage.at(3)),
                                         .entry_loss = stage.at(4),
                                         .exit_loss = stage.at(5)});
    if (json.contains("train_loss")) json["train_loss"].get_to(s.train_loss);
    s.work = json.contains("work") ? json["work"].get<double>() : undefined;
    if (s.best_epoch > 0) {
        json.at("best").get_to(s.best);
        if (json.at("best_validation_loss").is_number())  // null where there is no validation part
            json["best_validation_loss"].get_to(s.best_validation_loss);
        if (json.at("best_validation_accuracy").is_number())  // null for regression
            json["best_validation_accuracy"].get_to(s.best_validation_accuracy);
    }
    return s;
}

/// JSON has no NaN and no infinity.
Json to_json(double number) {
    if (std::isfinite(number)) return number;
    return std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
}

double number_from(const Json& json) {
    if (json.is_number()) return json;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (json == "inf" || json == "-inf") return json == "inf" ? infinity : -infinity;
    fail_request("expected a number, found {}", json.dump());
}

/// Whose state it is, for messages.
std::string owner_of(const std::string& name) {
    return name.starts_with("optimizer.") ? "another optimizer" : "other settings";
}

/// A number or counter that the file does not have.
struct OtherOwner {
    std::string name;
};

/// A state that this version would misread.
struct OtherLayout {
    int64_t layout;
};

/// The JSON of a piece of metadata.
Json read_json(const TensorFile& file, const std::string& key) {
    const auto found = file.metadata.find(key);
    if (found == file.metadata.end()) fail_request("expected '{}'", key);
    Json json = parse_json<Json>(found->second, key);
    if (!json.is_object()) fail_request("expected an object");
    return json;
}

/// What the metadata say: where the run stood, and the numbers and counters of what else has state.
struct ReadState {
    TrainState state;
    std::vector<double> numbers;
    std::vector<int64_t> counters;
};

ReadState read_state(const TensorFile& file, const std::string& what, const SavedState& rest) {
    if (!file.metadata.contains("ravine.state"))
        fail_request("{}: it holds tensors, but is no checkpoint of a run", what);
    try {
        const Json json = read_json(file, "ravine.state");
        if (const int64_t found = json.contains("layout") ? json_integer(json["layout"]) : 1;
            found != state_layout)
            throw OtherLayout{found};
        const Json numbers = read_json(file, "ravine.numbers"), counters = read_json(file, "ravine.counters");
        ReadState read{.state = from_json(json), .numbers = {}, .counters = {}};
        for (const auto& [name, value] : rest.numbers)
            if (!numbers.contains(name)) throw OtherOwner{name};
        for (const auto& [name, value] : rest.counters)
            if (!counters.contains(name)) throw OtherOwner{name};
        for (const auto& [name, value] : rest.numbers) read.numbers.push_back(number_from(numbers.at(name)));
        for (const auto& [name, value] : rest.counters) {
            const int64_t count = json_integer(counters.at(name));
            if (count < 0 || count > most_counted)
                fail_request("expected '{}' in [0, {}], found {}", name, most_counted, count);
            read.counters.push_back(count);
        }
        return read;
    } catch (const OtherOwner& missing) {
        fail_request("{}: the checkpoint is of {}: it has no '{}'", what, owner_of(missing.name),
                     missing.name);
    } catch (const OtherLayout& other) {
        fail_request(
            "{}: expected a checkpoint of layout {}, found layout {}: another version of ravine wrote it, "
            "and only that one can resume the run",
            what, state_layout, other.layout);
    } catch (const std::out_of_range& error) {
        fail_request("{}: damaged metadata: expected {}", what, error.what());
    } catch (const std::exception& error) {
        fail_request("{}: damaged metadata: {}", what, json_complaint(error));
    }
}

/// The file's tensor of each state; nullptr for those without elements, which are not saved.
std::vector<const NamedTensor*> find_states(const TensorFile& file, const std::string& what,
                                            const ParameterLayout& layout,
                                            const ParameterLayout& buffer_layout, const SavedState& rest) {
    std::vector<const NamedTensor*> result;
    for (const auto& [name, shape, values] : rest.tensors) {
        const auto* tensor = values->size() > 0 ? file.find(name) : nullptr;
        if (values->size() > 0 && (!tensor || tensor->shape != shape))
            fail_request("{}: the checkpoint is of {}: no state '{}' of {} elements", what, owner_of(name),
                         name, values->size());
        if (tensor && tensor->data.precision() != values->precision())
            fail_request("{}: the checkpoint is in another precision: expected {}, found {}", what,
                         to_string(values->precision()), to_string(tensor->data.precision()));
        result.push_back(tensor);
    }
    for (const auto& tensor : file.tensors)
        if (!layout.find(tensor.name) && !buffer_layout.find(tensor.name) && !rest.find(tensor.name))
            fail_request("{}: the checkpoint is of {}: it has the state '{}'", what, owner_of(tensor.name),
                         tensor.name);
    return result;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const TrainState& state,
                      const Parameters& parameters, const ParameterLayout& buffer_layout,
                      const Vector& buffers, const SavedState& rest) {
    TensorFile file;
    append_tensors(file, "", parameters.layout(), parameters.values());
    append_tensors(file, "", buffer_layout, buffers);
    for (const auto& [name, shape, values] : rest.tensors)
        if (values->size() > 0) file.tensors.push_back({name, shape, *values});
    Json numbers = Json::object(), counters = Json::object();
    for (const auto& [name, value] : rest.numbers) numbers[name] = to_json(*value);
    for (const auto& [name, value] : rest.counters) counters[name] = *value;
    file.metadata = {{"ravine.state", to_json(state).dump()},
                     {"ravine.numbers", numbers.dump()},
                     {"ravine.counters", counters.dump()}};
    write_safetensors(path, file);
}

void read_checkpoint(const std::filesystem::path& path, TrainState& state, Parameters& parameters,
                     const ParameterLayout& buffer_layout, Vector& buffers, const SavedState& rest) {
    // Everything is checked before anything is changed.
    const TensorFile file = read_safetensors(path);
    const std::string what = path.string();
    const ReadState read = read_state(file, what, rest);
    const auto tensors = find_tensors(file, what, parameters.layout());
    const auto buffer_tensors = find_tensors(file, what, buffer_layout);
    const Precision precision = parameters.values().precision();
    for (const auto& found : {tensors, buffer_tensors})
        for (const auto* tensor : found)
            if (tensor->data.precision() != precision)
                fail_request("{}: the checkpoint is in another precision: expected {}, found {}", what,
                             to_string(precision), to_string(tensor->data.precision()));
    const auto states = find_states(file, what, parameters.layout(), buffer_layout, rest);

    state = read.state;
    copy_tensors(tensors, parameters.layout(), *parameters.write());
    copy_tensors(buffer_tensors, buffer_layout, buffers);
    for (size_t i = 0; i < states.size(); ++i)
        if (states[i]) rest.tensors[i].values->assign(states[i]->data);
    for (size_t i = 0; i < read.numbers.size(); ++i) *rest.numbers[i].value = read.numbers[i];
    for (size_t i = 0; i < read.counters.size(); ++i) *rest.counters[i].value = read.counters[i];
}

}  // namespace ravine
