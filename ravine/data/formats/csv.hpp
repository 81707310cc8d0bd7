#pragma once

#include <filesystem>

#include "ravine/data/formats/cell_table.hpp"

namespace ravine {

/// Reads comma-separated values (RFC 4180) in UTF-8 with a header line: quoted fields, LF or CRLF, a byte
/// order mark and gzip compression are understood; blank lines are skipped, spaces around unquoted cells
/// dropped. Throws RequestError with the line for a ragged row, an empty, repeated or missing column
/// name, a stray or open quote, a NUL byte, a header without rows, or text that is not UTF-8.
CellTable read_csv(const std::filesystem::path& path);

}  // namespace ravine
