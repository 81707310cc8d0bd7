#include "ravine/lab/run/run_data.hpp"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"

namespace ravine {
namespace {

constexpr uint64_t most_record_bytes = uint64_t{1} << 26;  // a table has a name for each column

bool has_file(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

DataRecord read_record(const std::filesystem::path& path) {
    const auto json = try_parse_json(read_file(path, most_record_bytes));
    if (json.is_discarded()) fail_request("{}: expected JSON, found something else", path.string());
    return data_record_from_json(json, path.string());
}

}  // namespace

void record_data(const RunFolder& folder, const Parts& parts) {
    if (has_file(folder.data())) return;
    write_file_atomically(folder.data(), data_record_to_json(record_of(parts)).dump(2) + "\n");
}

void require_recorded_data(const RunFolder& folder, const Parts& parts, DataUse use) {
    if (!has_file(folder.data())) {
        spdlog::warn(
            "{}: no data.json, as runs of earlier versions: whether the data are still the same is not known",
            folder.path.string());
        return;
    }
    const DataRecord record = read_record(folder.data());
    const std::string difference = data_difference(record, parts, use);
    if (difference.empty()) return;
    if (use == DataUse::training)
        fail_request("{}: '{}' is no longer what the run was trained on: {}", folder.path.string(),
                     record.dataset, difference);
    fail_request(
        "{0}: '{1}' no longer has the test part of the run: {2} (`ravine evaluate {0} FILE` takes other "
        "data)",
        folder.path.string(), record.dataset, difference);
}

}  // namespace ravine
