#include "ravine/lab/report/csv_rows.hpp"

#include <limits>

#include "ravine/core/files/file.hpp"
#include "ravine/core/settings/settings.hpp"

namespace ravine {
namespace {

/// Whether something follows the first line.
bool has_rows(const std::filesystem::path& path) {
    const std::string contents = read_file(path);
    const size_t end = contents.find('\n');
    return end != std::string::npos && contents.find_first_not_of(" \t\r\n", end) != std::string::npos;
}

}  // namespace

CsvRows::CsvRows(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored) && has_rows(path)) table_ = read_csv(path);
}

int64_t CsvRows::find(const std::string& column) const { return table_ ? table_->find(column) : -1; }

std::string CsvRows::text(int64_t row, const std::string& column) const {
    const int64_t c = find(column);
    return c < 0 ? std::string() : std::string(table_->cell(row, c));
}

double CsvRows::number(int64_t row, const std::string& column) const {
    const int64_t c = find(column);
    const std::string cell = c < 0 ? std::string() : std::string(table_->cell(row, c));
    if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
    if (cell == "inf" || cell == "-inf")
        return (cell == "inf" ? 1 : -1) * std::numeric_limits<double>::infinity();
    return parse_number(table_->place(row, c), cell, any_number);
}

std::optional<int64_t> CsvRows::integer(int64_t row, const std::string& column) const {
    const std::string cell = text(row, column);
    if (cell.empty()) return {};
    return parse_integer(table_->place(row, find(column)), cell, any_number);
}

}  // namespace ravine
