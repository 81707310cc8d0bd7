#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"

namespace ravine {

/// One column of a table as it is read: a number (one feature), or one of several categories (one-hot: one
/// feature each, in this order).
struct Column {
    std::string name = {};
    std::vector<std::string> categories = {};  ///< empty for a number

    int64_t width() const { return categories.empty() ? 1 : static_cast<int64_t>(categories.size()); }
    bool operator==(const Column&) const = default;
};

/// What a model was trained on: all that is needed to feed it other data alike. It travels with the saved
/// model.
struct Schema {
    std::string dataset = {};  ///< as it was asked for: "mnist", "spiral:noise=0.1", "houses.csv"
    Task task = Task::classification;
    Shape feature_shape = {};
    int64_t output_count = 0;
    std::vector<std::string> classes = {};
    std::vector<Column> columns = {};         ///< tables only
    std::string target = {};                  ///< tables only
    Normalization normalization = {};         ///< of the features, fitted on the training part
    Normalization target_normalization = {};  ///< of numbers to predict; else, and of made ones, the identity
    bool operator==(const Schema&) const = default;
};

nlohmann::json schema_to_json(const Schema& schema);

/// Reads back what schema_to_json() wrote. Throws RequestError("WHAT: ...") for a missing, mistyped or
/// contradictory member.
Schema schema_from_json(const nlohmann::json& json, const std::string& what);

/// The schema of a set without named columns' encodings: shapes, classes, and the normalisation fitted on
/// `training`.
Schema schema_of(const Dataset& training);

}  // namespace ravine
