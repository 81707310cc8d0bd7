#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ravine/data/files/byte_stream.hpp"

namespace ravine {

/// The lines of a text file, plain or gzip-compressed, without a byte order mark, one after another: the text
/// is never in memory as a whole.
class TableText {
public:
    /// Throws RequestError for UTF-16.
    explicit TableText(const std::filesystem::path& path);

    /// The next line with its end of LF, CRLF or CR; nothing after the last. It is there until the next call.
    /// Throws RequestError with the line and byte for a NUL byte and for what is not UTF-8, and for a line of
    /// more than 64 MiB.
    std::optional<std::string_view> next();

    /// The number of the line that next() gave, from 1.
    int64_t line() const { return line_; }
    const std::string& path() const { return stream_.path(); }

private:
    void read_more();
    size_t end_of_line();

    ByteStream stream_;
    std::string text_;  // what was read and not given yet begins at at_
    size_t at_ = 0;
    bool at_end_ = false;
    int64_t line_ = 0;
};

/// The most columns of a table.
constexpr int64_t most_columns = 1 << 20;

/// Whether the whole text spells a number.
bool spells_number(std::string_view text);

}  // namespace ravine
