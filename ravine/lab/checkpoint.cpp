#include "ravine/lab/checkpoint.hpp"

#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/lab/saved_model.hpp"

namespace ravine {
namespace {

using Json = nlohmann::json;

Json to_json(const TrainState& s) {
    // Best values are absent until there is one: JSON has no infinity.
    Json json{{"step", s.step},
              {"epoch", s.epoch},
              {"batch_in_epoch", s.batch_in_epoch},
              {"epoch_loss", s.epoch_loss},
              {"best_epoch", s.best_epoch},
              {"forward_passes", s.forward_passes},
              {"backward_passes", s.backward_passes},
              {"seconds", s.seconds}};
    if (s.best_epoch > 0) {
        json["best_validation_loss"] = s.best_validation_loss;
        json["best_validation_accuracy"] = s.best_validation_accuracy;
    }
    return json;
}

TrainState from_json(const Json& json) {
    TrainState s;
    json.at("step").get_to(s.step);
    json.at("epoch").get_to(s.epoch);
    json.at("batch_in_epoch").get_to(s.batch_in_epoch);
    json.at("epoch_loss").get_to(s.epoch_loss);
    json.at("best_epoch").get_to(s.best_epoch);
    json.at("forward_passes").get_to(s.forward_passes);
    json.at("backward_passes").get_to(s.backward_passes);
    json.at("seconds").get_to(s.seconds);
    if (s.best_epoch > 0) {
        json.at("best_validation_loss").get_to(s.best_validation_loss);
        if (json.at("best_validation_accuracy").is_number())  // null for regression
            json.at("best_validation_accuracy").get_to(s.best_validation_accuracy);
    }
    return s;
}

constexpr const char* state_prefix = "optimizer.";

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const TrainState& state,
                      const Parameters& parameters, const ParameterLayout& buffer_layout,
                      const Vector& buffers, Optimizer& optimizer) {
    TensorFile file;
    append_tensors(file, "", parameters.layout(), parameters.values());
    append_tensors(file, "", buffer_layout, buffers);
    for (const auto& [name, values] : optimizer.state())
        file.tensors.push_back({state_prefix + name, {values->size()}, *values});
    file.metadata = {{"ravine.state", to_json(state).dump()},
                     {"ravine.optimizer_steps", std::to_string(optimizer.steps())}};
    write_safetensors(path, file);
}

void read_checkpoint(const std::filesystem::path& path, TrainState& state, Parameters& parameters,
                     const ParameterLayout& buffer_layout, Vector& buffers, Optimizer& optimizer) {
    const TensorFile file = read_safetensors(path);
    const std::string what = path.string();
    try {
        state = from_json(Json::parse(file.metadata.at("ravine.state")));
        optimizer.set_steps(parse_integer(what, file.metadata.at("ravine.optimizer_steps"), non_negative));
    } catch (const std::exception& error) {
        fail_request("{}: no checkpoint: {}", what, error.what());
    }
    assign_tensors(file, what, parameters, buffer_layout, buffers);
    for (const auto& [name, values] : optimizer.state()) {
        const auto* tensor = file.find(state_prefix + name);
        if (!tensor || tensor->data.size() != values->size())
            fail_request("{}: the checkpoint is of another optimizer: no state '{}' of {} elements", what,
                         name, values->size());
        values->assign(tensor->data);
    }
}

}  // namespace ravine
