#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ravine {

/// A table of text with named columns, its cells in one buffer.
class CsvTable {
public:
    /// Reads comma-separated values (RFC 4180) in UTF-8 with a header line: quoted fields, LF or CRLF, a byte
    /// order mark and gzip compression are understood; blank lines are skipped, spaces around unquoted cells
    /// dropped. Throws RequestError with the line for a ragged row, an empty, repeated or missing column
    /// name, a stray or open quote, a NUL byte, a header without rows, or text that is not UTF-8.
    static CsvTable read(const std::filesystem::path& path);

    const std::string& path() const { return path_; }
    const std::vector<std::string>& header() const { return header_; }
    int64_t row_count() const { return static_cast<int64_t>(lines_.size()); }
    int64_t column_count() const { return static_cast<int64_t>(header_.size()); }
    std::string_view cell(int64_t row, int64_t column) const;
    /// "houses.csv, line 7, column 'price'": where a cell stands, for messages.
    std::string place(int64_t row, int64_t column) const;
    /// The index of a column; throws RequestError, with the nearest name, where there is none. `purpose`
    /// completes the message: "the target".
    int64_t column(const std::string& name, const std::string& purpose) const;

private:
    friend class CsvBuilder;
    std::string path_;
    std::vector<std::string> header_;
    std::string text_;            // the cells, one after another
    std::vector<size_t> ends_;    // where each ends in text_
    std::vector<int64_t> lines_;  // the line on which each row begins, from 1
};

}  // namespace ravine
