#include "ravine/lab/run/curriculum_file.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/core/values/undefined.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

/// NaN where there is none.
double number_in(const Json& json, const char* key) {
    return json.contains(key) && !json[key].is_null() ? json[key].get<double>() : undefined;
}

}  // namespace

void write_curriculum(const std::filesystem::path& path, const FirstModel& model) {
    Json json{{"seconds", model.seconds},
              {"forward_passes", model.work.forward_passes},
              {"backward_passes", model.work.backward_passes},
              {"work", model.work.equivalents},
              {"losses", Json::array()}};
    for (const double loss : model.losses)
        json["losses"].push_back(std::isfinite(loss) ? Json(loss) : Json());
    write_file_atomically(path, json.dump() + "\n");
}

FirstModel read_curriculum(const std::filesystem::path& path, int64_t examples) try {
    const Json json =
        parse_json<Json>(read_file(path), path.string() + ": expected the losses of a first model");
    FirstModel model{.losses = {},
                     .work = {.forward_passes = json_integer(json.at("forward_passes")),
                              .backward_passes = json_integer(json.at("backward_passes")),
                              .equivalents = number_in(json, "work")},
                     .seconds = json.at("seconds"),
                     .failure = {}};
    for (const Json& loss : json.at("losses"))
        model.losses.push_back(loss.is_null() ? std::numeric_limits<double>::infinity() : loss.get<double>());
    if (std::ssize(model.losses) != examples)
        fail_request("{}: expected the losses of {} training examples, found {}", path.string(), examples,
                     model.losses.size());
    return model;
} catch (const nlohmann::json::exception& error) {
    fail_request("{}: expected the losses of a first model: {}", path.string(), json_complaint(error));
} catch (const std::out_of_range& error) {
    fail_request("{}: expected {}", path.string(), error.what());
}

}  // namespace ravine
