#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ravine/data/sources/catalog.hpp"

namespace ravine {

/// 16 hexadecimal digits that differ where two data sets do, with near certainty: a digest (SHA-256) of the
/// schema, whose means and deviations every training example has moved, of all targets, and of rows of
/// features, all of them up to 64 MiB a part and evenly spaced ones beyond.
std::string digest_of(const Parts& parts);

/// The same of one part: its targets and features.
std::string digest_of(const Dataset& part);

/// By what a data set is known again: what its examples look like, and digests of its parts.
struct DataRecord {
    struct Part {
        int64_t examples = 0;
        std::string digest = {};
    };
    std::string dataset = {};  ///< as it was asked for
    Shape feature_shape = {};
    std::vector<std::string> columns = {}, classes = {};  ///< as those of Dataset
    std::string target = {};
    Part training = {}, validation = {}, test = {};
};

DataRecord record_of(const Parts& parts);

nlohmann::ordered_json data_record_to_json(const DataRecord& record);

/// Reads back what data_record_to_json() wrote. Throws RequestError("WHAT: ...") for anything else.
DataRecord data_record_from_json(const nlohmann::ordered_json& json, const std::string& what);

/// What data are used for: parts that only the other use needs may differ.
enum class DataUse { training, test };

/// Where data differ from those that were recorded: "expected 90 training examples, found 100"; empty where
/// they are the same.
std::string data_difference(const DataRecord& expected, const Parts& found, DataUse use);

}  // namespace ravine
