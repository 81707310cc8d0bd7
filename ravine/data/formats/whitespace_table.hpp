#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ravine/data/formats/cell_table.hpp"

namespace ravine {

/// Reads a table whose cells are separated by blanks or tabs, a row a line, as the UCI Machine Learning
/// Repository distributes them; plain or gzip-compressed, blank lines skipped. `names` are its columns;
/// without them the first line is a header where none of its cells is a number, else the columns are called
/// c1, c2, ... Throws RequestError with the line for a ragged row, a column name given twice, a NUL byte,
/// text that is not UTF-8, and a file without rows.
CellTable read_whitespace_table(const std::filesystem::path& path, std::vector<std::string> names = {});

}  // namespace ravine
