#include "ravine/lab/run/checkpoint.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/lab/run/saved_model.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

/// Of the state's members and their meaning: 2 since an epoch's losses are sums over examples, not batches.
constexpr int64_t state_layout = 2;

Json to_json(const TrainState& s) {
    // Best values are absent until there is one: JSON has no infinity.
    Json json{{"layout", state_layout},
              {"step", s.step},
              {"epoch", s.epoch},
              {"batch_in_epoch", s.batch_in_epoch},
              {"epoch_loss", s.epoch_loss},
              {"epoch_divergence", s.epoch_divergence},
              {"best_epoch", s.best_epoch},
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
    if (s.best_epoch > 0) {
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
    if (s.best_epoch > 0) {
        json.at("best_validation_loss").get_to(s.best_validation_loss);
        if (json.at("best_validation_accuracy").is_number())  // null for regression
            json["best_validation_accuracy"].get_to(s.best_validation_accuracy);
    }
    return s;
}

constexpr const char* state_prefix = "optimizer.";
constexpr const char* best_prefix = "best.";

ParameterLayout with_prefix(ParameterLayout layout) {
    for (auto& slice : layout.slices) slice.name = best_prefix + slice.name;
    return layout;
}

/// A state that this version would misread.
struct OtherLayout {
    int64_t layout;
};

/// Where the run stood, and the steps that its optimizer had made.
std::pair<TrainState, int64_t> read_state(const TensorFile& file, const std::string& what) {
    const auto state = file.metadata.find("ravine.state");
    const auto steps = file.metadata.find("ravine.optimizer_steps");
    if (state == file.metadata.end() || steps == file.metadata.end())
        fail_request("{}: it holds tensors, but is no checkpoint of a run", what);
    try {
        const Json json = parse_json<Json>(state->second, "ravine.state");
        if (!json.is_object()) fail_request("expected an object");
        if (const int64_t found = json.contains("layout") ? json_integer(json["layout"]) : 1;
            found != state_layout)
            throw OtherLayout{found};
        return {from_json(json), parse_integer("ravine.optimizer_steps", steps->second, non_negative)};
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

/// The file's tensor of each of the optimizer's states.
std::vector<const NamedTensor*> find_states(const TensorFile& file, const std::string& what,
                                            const std::vector<NamedState>& states) {
    std::vector<const NamedTensor*> result;
    for (const auto& [name, values] : states) {
        const auto* tensor = file.find(state_prefix + name);
        if (!tensor || tensor->data.size() != values->size())
            fail_request("{}: the checkpoint is of another optimizer: no state '{}' of {} elements", what,
                         name, values->size());
        result.push_back(tensor);
    }
    for (const auto& tensor : file.tensors)
        if (tensor.name.starts_with(state_prefix) && std::ranges::find(result, &tensor) == result.end())
            fail_request("{}: the checkpoint is of another optimizer: it has the state '{}'", what,
                         tensor.name.substr(std::string_view(state_prefix).size()));
    return result;
}

/// A vector with the values of a layout's tensors; that of none is empty.
Vector read_vector(const std::vector<const NamedTensor*>& tensors, const ParameterLayout& layout) {
    if (tensors.empty()) return {};
    Vector values(layout.size, tensors.front()->data.precision());
    copy_tensors(tensors, layout, values);
    return values;
}

/// What the file keeps beside training; one of an earlier version has none of it.
KeptBeside read_beside(const TensorFile& file, const std::string& what, const ParameterLayout& layout,
                       const ParameterLayout& buffer_layout) {
    KeptBeside kept;
    const auto lines = file.metadata.find("ravine.metrics_lines");
    if (lines != file.metadata.end())
        kept.metrics_lines =
            parse_integer(what + ": damaged metadata: ravine.metrics_lines", lines->second, non_negative);
    const auto is_best = [](const NamedTensor& tensor) { return tensor.name.starts_with(best_prefix); };
    if (std::ranges::none_of(file.tensors, is_best)) return kept;
    kept.best_parameters = read_vector(find_tensors(file, what, with_prefix(layout)), layout);
    kept.best_buffers = read_vector(find_tensors(file, what, with_prefix(buffer_layout)), buffer_layout);
    return kept;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const TrainState& state,
                      const Parameters& parameters, const ParameterLayout& buffer_layout,
                      const Vector& buffers, Optimizer& optimizer, const KeptBeside& kept) {
    TensorFile file;
    append_tensors(file, "", parameters.layout(), parameters.values());
    append_tensors(file, "", buffer_layout, buffers);
    for (const auto& [name, values] : optimizer.state())
        file.tensors.push_back({state_prefix + name, {values->size()}, *values});
    if (kept.has_best()) {
        append_tensors(file, best_prefix, parameters.layout(), kept.best_parameters);
        append_tensors(file, best_prefix, buffer_layout, kept.best_buffers);
    }
    file.metadata = {{"ravine.state", to_json(state).dump()},
                     {"ravine.optimizer_steps", std::to_string(optimizer.steps())},
                     {"ravine.metrics_lines", std::to_string(kept.metrics_lines)}};
    write_safetensors(path, file);
}

void read_checkpoint(const std::filesystem::path& path, TrainState& state, Parameters& parameters,
                     const ParameterLayout& buffer_layout, Vector& buffers, Optimizer& optimizer,
                     KeptBeside& kept) {
    // Everything is checked before anything is changed.
    const TensorFile file = read_safetensors(path);
    const std::string what = path.string();
    const auto [read, optimizer_steps] = read_state(file, what);
    const auto tensors = find_tensors(file, what, parameters.layout());
    const auto buffer_tensors = find_tensors(file, what, buffer_layout);
    const auto states = optimizer.state();
    const auto state_tensors = find_states(file, what, states);
    KeptBeside beside = read_beside(file, what, parameters.layout(), buffer_layout);
    const Precision precision = parameters.values().precision();
    for (const auto& tensor : file.tensors)
        if (tensor.data.precision() != precision)
            fail_request("{}: the checkpoint is in another precision: expected {}, found {}", what,
                         to_string(precision), to_string(tensor.data.precision()));

    state = read;
    copy_tensors(tensors, parameters.layout(), parameters.write());
    copy_tensors(buffer_tensors, buffer_layout, buffers);
    for (size_t i = 0; i < states.size(); ++i) states[i].values->assign(state_tensors[i]->data);
    optimizer.set_steps(optimizer_steps);
    kept = std::move(beside);
}

}  // namespace ravine
