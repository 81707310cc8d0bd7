#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ravine {

/// A key of a settings file, with its value as text; of a list, one text for each of its values.
struct FileSetting {
    std::string name;
    std::string where;               ///< "file.toml:3: batch", the beginning of a message
    std::vector<std::string> texts;  ///< none where the value is a table
};

/// Reads a flat TOML file: strings, numbers, true/false, and lists of these; a table [model] as the text of a
/// description. Throws RequestError with file, line and, for what is no TOML, column.
std::vector<FileSetting> read_settings(const std::filesystem::path& path);

}  // namespace ravine
