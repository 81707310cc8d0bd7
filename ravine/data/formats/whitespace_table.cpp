#include "ravine/data/formats/whitespace_table.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "ravine/core/error.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/formats/table_text.hpp"

namespace ravine {
namespace {

/// The cells of a line; they are parts of it.
void split(std::string_view line, std::vector<std::string_view>& cells) {
    constexpr const char* blanks = " \t\r\n\v\f";
    cells.clear();
    for (size_t begin = 0; (begin = line.find_first_not_of(blanks, begin)) != std::string_view::npos;) {
        const size_t end = std::min(line.find_first_of(blanks, begin), line.size());
        cells.push_back(line.substr(begin, end - begin));
        begin = end;
    }
}

void refuse_repeats(const std::string& path, int64_t line, const std::vector<std::string_view>& names) {
    std::set<std::string_view> seen;
    for (const auto name : names)
        if (!seen.insert(name).second)
            fail_request("{}, line {}: expected different column names, found '{}' twice", path, line,
                         excerpt(name));
}

std::vector<std::string> numbered(size_t count) {
    std::vector<std::string> names;
    for (size_t i = 1; i <= count; ++i) names.push_back(fmt::format("c{}", i));
    return names;
}

}  // namespace

CellTable read_whitespace_table(const std::filesystem::path& path, std::vector<std::string> names) {
    TableText text(path);
    const std::string& where = text.path();
    std::optional<CellTable> table;
    if (!names.empty()) table.emplace(where, std::move(names));
    std::vector<std::string_view> cells;
    while (const auto line = text.next()) {
        split(*line, cells);
        if (cells.empty()) continue;
        if (!table) {
            if (cells.size() == 1 && cells[0].find_first_of(",;") != std::string_view::npos)
                fail_request("{}, line {}: expected cells separated by blanks, found '{}' (call it .csv)",
                             where, text.line(), excerpt(cells[0]));
            if (std::ssize(cells) > most_columns)
                fail_request("{}, line {}: expected at most {} columns, found {}", where, text.line(),
                             most_columns, cells.size());
            if (std::ranges::none_of(cells, spells_number)) {
                refuse_repeats(where, text.line(), cells);
                table.emplace(where, std::vector<std::string>(cells.begin(), cells.end()));
                continue;
            }
            table.emplace(where, numbered(cells.size()));
        }
        if (std::ssize(cells) != table->column_count())
            fail_request("{}, line {}: expected {} cells, found {}", where, text.line(),
                         table->column_count(), cells.size());
        for (const auto cell : cells) table->append(cell);
        table->end_row(text.line());
    }
    if (!table || table->row_count() == 0) fail_request("{}: expected rows of numbers, found none", where);
    return std::move(*table);
}

}  // namespace ravine
