#include "ravine/data/sources/table_parts.hpp"

#include "ravine/core/error.hpp"
#include "ravine/data/download/locate.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/formats/csv.hpp"
#include "ravine/data/formats/table.hpp"
#include "ravine/data/formats/whitespace_table.hpp"
#include "ravine/data/sources/parts.hpp"

namespace ravine {
namespace {

std::string without_gz(const std::string& path) {
    return path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
}

bool is_csv(const std::string& path) { return without_gz(path).ends_with(".csv"); }

}  // namespace

bool is_table_path(const std::string& path) {
    const std::string plain = without_gz(path);
    return is_csv(path) || plain.ends_with(".data") || plain.ends_with(".dat") || plain.ends_with(".txt");
}

CellTable read_table(const std::filesystem::path& path) {
    return is_csv(path.string()) ? read_csv(path) : read_whitespace_table(path);
}

Parts table_parts(const CellTable& table, const DataRequest& request) {
    if (request.target.empty() && request.task != to_string(Task::autoencoding))
        fail_request("{}: expected the column to predict (--target COLUMN{}), one of {}", request.dataset,
                     request.task == to_string(Task::multi_label) ? ",COLUMN,..." : "",
                     excerpt(table.header()));
    EncodedTable encoded = encode_table(table, request.target, request.task);
    encoded.data.name = request.dataset;
    Parts parts = split_parts(encoded.data, shares_of(request, {0.2, 0.2}), request);
    parts.schema.columns = std::move(encoded.schema.columns);
    // Made values are of order 1; a table's may be prices, which no usual learning rate reaches from weights
    // near 0.
    if (parts.schema.task == Task::regression)
        parts.schema.target_normalization = Normalization::fit_values(parts.training);
    parts.notes = std::move(encoded.notes);
    note_sizes(parts);
    return parts;
}

Parts boston_housing_parts(const BostonHousing& settings, const DataRequest& request) {
    for (const auto& folder : set_folders("boston-housing", request.data_dir)) {
        const auto path = folder / "housing.data";
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(path, ignored)) continue;
        DataRequest asked = request;
        if (asked.target.empty()) {
            asked.target = "MEDV";
            if (asked.task.empty()) asked.task = to_string(Task::regression);
        }
        Parts parts =
            table_parts(read_whitespace_table(path, {"CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS",
                                                     "RAD", "TAX", "PTRATIO", "B", "LSTAT", "MEDV"}),
                        asked);
        if (settings.scale == BostonHousing::Scale::raw) {
            parts.schema.normalization = Normalization::identity(parts.schema.normalization.channels());
            parts.schema.target_normalization =
                Normalization::identity(parts.schema.target_normalization.channels());
        }
        parts.notes.insert(parts.notes.begin(), "read from " + path.string());
        return parts;
    }
    fail_not_found("boston-housing", request.data_dir);
}

}  // namespace ravine
