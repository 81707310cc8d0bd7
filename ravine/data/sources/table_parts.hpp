#pragma once

#include <filesystem>
#include <string>

#include "ravine/data/formats/cell_table.hpp"
#include "ravine/data/sources/catalog.hpp"

namespace ravine {

/// Whether a path's ending says that it is a table: .csv, or .data, .dat or .txt with cells between blanks;
/// each also with .gz.
bool is_table_path(const std::string& path);

/// Reads a table in the form that its ending says.
CellTable read_table(const std::filesystem::path& path);

/// A table encoded (see encode_table()) and split, 60 : 20 : 20 unless the request says otherwise. The
/// targets of a regression are normalised. Throws RequestError where the request names no target and is no
/// autoencoding, and as
/// encode_table() and split_parts() do.
Parts table_parts(const CellTable& table, const DataRequest& request);

/// The Boston housing data, from the first housing.data in set_folders(); their target is MEDV unless the
/// request names another. `raw` leaves features and values in their units. Throws as fail_not_found() and
/// table_parts() do.
struct BostonHousing {
    enum class Scale { standard, raw } scale = Scale::standard;
};
Parts boston_housing_parts(const BostonHousing& settings, const DataRequest& request);

}  // namespace ravine
