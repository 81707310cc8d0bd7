#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ravine {

/// A table of text with named columns, read from a file, its cells in one buffer.
class CellTable {
public:
    CellTable(std::string path, std::vector<std::string> header);

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

    /// The same, -1 where there is none.
    int64_t find(const std::string& name) const;

    /// Adds the next cell of a row. A row is complete with column_count() of them and end_row().
    void append(std::string_view cell);
    /// `line`: that on which the row begins, from 1.
    void end_row(int64_t line) { lines_.push_back(line); }

private:
    std::string path_;
    std::vector<std::string> header_;
    std::unordered_map<std::string, int64_t> places_;  // of the columns, by name
    std::string text_;                                 // the cells, one after another
    std::vector<size_t> ends_;                         // where each ends in text_
    std::vector<int64_t> lines_;                       // the line on which each row begins, from 1
};

}  // namespace ravine
