#include "ravine/data/data_digest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string_view>

#include "ravine/core/error.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/data/files/digest.hpp"
#include "ravine/data/files/excerpt.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t digested_bytes = int64_t{1} << 26;  // of a part's features
constexpr size_t digest_digits = 16;

template <class T>
void add(Sha256& digest, std::span<const T> numbers) {
    digest.update({reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size_bytes()});
}

void add(Sha256& digest, const Dataset& part) {
    const int64_t count = part.size(), width = element_count(part.feature_shape);
    add(digest, std::span<const int64_t>(&count, 1));
    add(digest, std::span<const int32_t>(part.labels));
    add(digest, std::span<const double>(part.values));
    std::visit(
        [&]<class T>(const Rows<T>& rows) {
            const int64_t bytes = width * static_cast<int64_t>(sizeof(T));
            const int64_t stride = std::max<int64_t>(1, count / std::max<int64_t>(1, digested_bytes / bytes));
            for (int64_t i = 0; i < count; i += stride)
                add(digest, std::span<const T>(rows.row(i, width), static_cast<size_t>(width)));
        },
        part.features);
}

Json part_to_json(const DataRecord::Part& part) {
    return {{"examples", part.examples}, {"digest", part.digest}};
}

DataRecord::Part part_from_json(const Json& json) {
    return {json.at("examples").get<int64_t>(), json.at("digest").get<std::string>()};
}

/// What one list of names has and the other has not; `what` is "column" or "class".
std::string names_difference(const char* what, const std::vector<std::string>& expected,
                             const std::vector<std::string>& found) {
    if (expected == found) return "";
    const auto first_beyond = [](const auto& names, const auto& others) {
        const std::set<std::string_view> known(others.begin(), others.end());
        return std::ranges::find_if(names, [&](const auto& name) { return !known.contains(name); });
    };
    if (const auto missing = first_beyond(expected, found); missing != expected.end())
        return fmt::format("expected a {} '{}', found none", what, excerpt(*missing));
    if (const auto added = first_beyond(found, expected); added != found.end())
        return fmt::format("expected no {} '{}', found one", what, excerpt(*added));
    return fmt::format("expected each {} in its place: {}; found {}", what, excerpt(expected),
                       excerpt(found));
}

std::string part_difference(const char* name, const DataRecord::Part& expected, const Dataset& found) {
    if (found.size() != expected.examples)
        return fmt::format("expected {} {} examples, found {}", expected.examples, name, found.size());
    if (digest_of(found) == expected.digest) return "";
    return fmt::format("other values or targets among the {} {} examples", expected.examples, name);
}

}  // namespace

std::string digest_of(const Parts& parts) {
    Sha256 digest;
    const std::string schema = schema_to_json(parts.schema).dump();
    add(digest, std::span<const char>(schema));
    for (const Dataset* part : {&parts.training, &parts.validation, &parts.test}) add(digest, *part);
    return digest.finish().substr(0, digest_digits);
}

std::string digest_of(const Dataset& part) {
    Sha256 digest;
    add(digest, part);
    return digest.finish().substr(0, digest_digits);
}

DataRecord record_of(const Parts& parts) {
    const auto part = [](const Dataset& data) { return DataRecord::Part{data.size(), digest_of(data)}; };
    return {.dataset = parts.schema.dataset,
            .feature_shape = parts.training.feature_shape,
            .columns = parts.training.columns,
            .classes = parts.training.classes,
            .target = parts.training.target,
            .training = part(parts.training),
            .validation = part(parts.validation),
            .test = part(parts.test)};
}

Json data_record_to_json(const DataRecord& record) {
    return {{"dataset", record.dataset},
            {"feature_shape", record.feature_shape},
            {"columns", record.columns},
            {"classes", record.classes},
            {"target", record.target},
            {"training", part_to_json(record.training)},
            {"validation", part_to_json(record.validation)},
            {"test", part_to_json(record.test)}};
}

DataRecord data_record_from_json(const Json& json, const std::string& what) {
    try {
        return {.dataset = json.at("dataset").get<std::string>(),
                .feature_shape = json.at("feature_shape").get<Shape>(),
                .columns = json.at("columns").get<std::vector<std::string>>(),
                .classes = json.at("classes").get<std::vector<std::string>>(),
                .target = json.at("target").get<std::string>(),
                .training = part_from_json(json.at("training")),
                .validation = part_from_json(json.at("validation")),
                .test = part_from_json(json.at("test"))};
    } catch (const nlohmann::json::exception& error) {
        fail_request("{}: expected the record of a data set: {}", what, json_complaint(error));
    }
}

std::string data_difference(const DataRecord& expected, const Parts& found, DataUse use) {
    const Dataset& training = found.training;
    std::string difference;
    const auto look = [&](auto find) {
        if (difference.empty()) difference = find();
    };
    look([&] { return names_difference("column", expected.columns, training.columns); });
    look([&] { return names_difference("class", expected.classes, training.classes); });
    look([&] {
        return expected.feature_shape == training.feature_shape
                   ? ""
                   : fmt::format("expected examples of shape {}, found {}", to_string(expected.feature_shape),
                                 to_string(training.feature_shape));
    });
    look([&] {
        return expected.target == training.target
                   ? ""
                   : fmt::format("expected the target '{}', found '{}'", excerpt(expected.target),
                                 excerpt(training.target));
    });
    if (use == DataUse::test) {
        look([&] { return part_difference("test", expected.test, found.test); });
    } else {
        look([&] { return part_difference("training", expected.training, training); });
        look([&] { return part_difference("validation", expected.validation, found.validation); });
    }
    return difference;
}

}  // namespace ravine
