#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ravine {

/// The text of a file, plain or gzip-compressed, without a byte order mark. Throws RequestError for UTF-16.
std::string read_table_text(const std::filesystem::path& path);

/// Cuts the first line off `text`, with its end of LF, CRLF or CR, and returns it. Throws RequestError with
/// the byte for a NUL byte and for what is not UTF-8; `line` counts from 1.
std::string_view next_line(std::string_view& text, const std::string& path, int64_t line);

/// Whether the whole text spells a number.
bool spells_number(std::string_view text);

}  // namespace ravine
