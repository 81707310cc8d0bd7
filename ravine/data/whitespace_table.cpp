#include "ravine/data/whitespace_table.hpp"

#include <algorithm>
#include <optional>

#include "ravine/core/error.hpp"
#include "ravine/data/excerpt.hpp"
#include "ravine/data/table_text.hpp"

namespace ravine {
namespace {

std::vector<std::string> split(std::string_view line) {
    constexpr const char* blanks = " \t\r\n\v\f";
    std::vector<std::string> cells;
    while (true) {
        const size_t begin = line.find_first_not_of(blanks);
        if (begin == std::string_view::npos) return cells;
        const size_t end = std::min(line.find_first_of(blanks, begin), line.size());
        cells.emplace_back(line.substr(begin, end - begin));
        line.remove_prefix(end);
    }
}

void refuse_repeats(const std::string& path, int64_t line, const std::vector<std::string>& names) {
    for (auto name = names.begin(); name != names.end(); ++name)
        if (std::find(names.begin(), name, *name) != name)
            fail_request("{}, line {}: expected different column names, found '{}' twice", path, line,
                         excerpt(*name));
}

std::vector<std::string> numbered(size_t count) {
    std::vector<std::string> names;
    for (size_t i = 1; i <= count; ++i) names.push_back(fmt::format("c{}", i));
    return names;
}

}  // namespace

CellTable read_whitespace_table(const std::filesystem::path& path, std::vector<std::string> names) {
    const std::string where = path.string(), text = read_table_text(path);
    std::optional<CellTable> table;
    if (!names.empty()) table.emplace(where, std::move(names));
    std::string_view rest = text;
    for (int64_t line = 1; !rest.empty(); ++line) {
        auto cells = split(next_line(rest, where, line));
        if (cells.empty()) continue;
        if (!table) {
            if (cells.size() == 1 && cells[0].find_first_of(",;") != std::string::npos)
                fail_request("{}, line {}: expected cells separated by blanks, found '{}' (call it .csv)",
                             where, line, excerpt(cells[0]));
            if (std::ranges::none_of(cells, spells_number)) {
                refuse_repeats(where, line, cells);
                table.emplace(where, std::move(cells));
                continue;
            }
            table.emplace(where, numbered(cells.size()));
        }
        if (std::ssize(cells) != table->column_count())
            fail_request("{}, line {}: expected {} cells, found {}", where, line, table->column_count(),
                         cells.size());
        for (const auto& cell : cells) table->append(cell);
        table->end_row(line);
    }
    if (!table || table->row_count() == 0) fail_request("{}: expected rows of numbers, found none", where);
    return std::move(*table);
}

}  // namespace ravine
