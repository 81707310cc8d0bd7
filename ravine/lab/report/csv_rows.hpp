#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ravine/data/formats/csv.hpp"

namespace ravine {

/// The rows of a CSV file that may lack columns, rows, or be missing altogether.
class CsvRows {
public:
    CsvRows() = default;
    /// No rows where there is no file or only a header. Throws as read_csv().
    explicit CsvRows(const std::filesystem::path& path);

    int64_t size() const { return table_ ? table_->row_count() : 0; }
    bool has(const std::string& column) const { return find(column) >= 0; }
    /// Empty where there is no such column.
    std::string text(int64_t row, const std::string& column) const;
    /// NaN for an empty cell and where there is no such column; inf and -inf are numbers here. Throws
    /// RequestError with line and column for a cell that is no number.
    double number(int64_t row, const std::string& column) const;
    /// Every digit of a whole number: a seed may have more than a double. Nothing for an empty cell and where
    /// there is no such column; throws as number().
    std::optional<int64_t> integer(int64_t row, const std::string& column) const;

private:
    int64_t find(const std::string& column) const;

    std::optional<CellTable> table_;
};

}  // namespace ravine
