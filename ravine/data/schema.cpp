#include "ravine/data/schema.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "ravine/core/error.hpp"
#include "ravine/core/text/json_text.hpp"

namespace ravine {
namespace {

using nlohmann::json;

json normalization_to_json(const Normalization& normalization) {
    return {{"mean", normalization.mean}, {"deviation", normalization.deviation}};
}

Normalization normalization_from_json(const json& object) {
    return {object.at("mean").get<std::vector<double>>(), object.at("deviation").get<std::vector<double>>()};
}

/// The first contradiction in a schema that was read, or an empty string.
std::string contradiction(const Schema& schema) {
    if (schema.feature_shape.empty()) return "expected a feature shape, found none";
    int64_t width = 1;
    for (const int64_t extent : schema.feature_shape)
        if (extent < 1 || __builtin_mul_overflow(width, extent, &width))
            return fmt::format("expected a feature shape above 0, found {}", to_string(schema.feature_shape));
    if (schema.output_count < 1)
        return fmt::format("expected at least one output, found {}", schema.output_count);
    if (!predicts_numbers(schema.task) && std::ssize(schema.classes) != schema.output_count)
        return fmt::format("expected the names of {} {}, found {}", schema.output_count,
                           schema.task == Task::multi_label ? "labels" : "classes", schema.classes.size());
    if (schema.task == Task::autoencoding && schema.output_count != width)
        return fmt::format("expected as many outputs as the {} features, found {}", width,
                           schema.output_count);
    int64_t columns = 0;
    for (const auto& column : schema.columns) columns += column.width();
    if (!schema.columns.empty() && (schema.feature_shape.size() != 1 || columns != width))
        return fmt::format("expected columns of {} features, found {}", width, columns);

    const auto check = [](const Normalization& normalization, int64_t channels, const char* name) {
        if (normalization.channels() != channels || std::ssize(normalization.deviation) != channels)
            return fmt::format("expected a {} of {} channels, found {}", name, channels,
                               normalization.channels());
        for (const double mean : normalization.mean)
            if (!std::isfinite(mean)) return fmt::format("{}: expected finite means, found {}", name, mean);
        for (const double deviation : normalization.deviation)
            if (!(deviation > 0) || !std::isfinite(deviation))
                return fmt::format("{}: expected deviations above 0, found {}", name, deviation);
        return std::string();
    };
    std::string found = check(schema.normalization, schema.feature_shape.back(), "normalization");
    if (found.empty() && schema.task != Task::classification)
        found = check(schema.target_normalization, schema.output_count, "target_normalization");
    return found;
}

}  // namespace

json schema_to_json(const Schema& schema) {
    json columns = json::array();
    for (const auto& column : schema.columns)
        columns.push_back({{"name", column.name}, {"categories", column.categories}});
    return {{"dataset", schema.dataset},
            {"task", to_string(schema.task)},
            {"feature_shape", schema.feature_shape},
            {"output_count", schema.output_count},
            {"classes", schema.classes},
            {"columns", columns},
            {"target", schema.target},
            {"normalization", normalization_to_json(schema.normalization)},
            {"target_normalization", normalization_to_json(schema.target_normalization)}};
}

Schema schema_from_json(const json& object, const std::string& what) {
    Schema schema;
    try {
        schema.dataset = object.at("dataset").get<std::string>();
        schema.task = parse_task(what + ": task", object.at("task").get<std::string>());
        for (const auto& extent : object.at("feature_shape"))
            schema.feature_shape.push_back(json_integer(extent));
        schema.output_count = json_integer(object.at("output_count"));
        schema.classes = object.at("classes").get<std::vector<std::string>>();
        for (const auto& column : object.at("columns"))
            schema.columns.push_back({column.at("name").get<std::string>(),
                                      column.at("categories").get<std::vector<std::string>>()});
        schema.target = object.at("target").get<std::string>();
        schema.normalization = normalization_from_json(object.at("normalization"));
        schema.target_normalization = normalization_from_json(object.at("target_normalization"));
    } catch (const json::exception& error) {
        fail_request("{}: expected the description of a data set: {}", what, json_complaint(error));
    } catch (const std::out_of_range& error) {
        fail_request("{}: expected the description of a data set with {}", what, error.what());
    }
    if (const auto found = contradiction(schema); !found.empty()) fail_request("{}: {}", what, found);
    return schema;
}

Schema schema_of(const Dataset& training) {
    Schema schema{.dataset = training.name,
                  .task = training.task,
                  .feature_shape = training.feature_shape,
                  .output_count = training.output_count,
                  .classes = training.classes,
                  .columns = {},
                  .target = training.target,
                  .normalization = Normalization::fit(training),
                  .target_normalization = Normalization::identity(training.output_count)};
    for (const auto& name : training.columns) schema.columns.push_back({name, {}});
    return schema;
}

}  // namespace ravine
