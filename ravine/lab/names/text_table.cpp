#include "ravine/lab/names/text_table.hpp"

#include <algorithm>
#include <cctype>

namespace ravine {
namespace {

/// Characters of UTF-8 text.
size_t length(const std::string& text) {
    return static_cast<size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_numeric(const std::string& cell) {
    return !cell.empty() &&
           (std::isdigit(static_cast<unsigned char>(cell[0])) ||
            (cell.size() > 1 && cell[0] == '-' && std::isdigit(static_cast<unsigned char>(cell[1]))));
}

/// Whether a column holds numbers alone (and dashes for those that are missing).
bool is_numeric(const std::vector<std::vector<std::string>>& rows, size_t column) {
    bool any = false;
    for (const auto& row : rows) {
        if (row[column].empty() || row[column] == "-") continue;
        if (!is_numeric(row[column])) return false;
        any = true;
    }
    return any;
}

}  // namespace

std::string wrapped(const std::string& text, size_t indent, size_t width) {
    std::string result;
    size_t used = indent;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find(' ', begin), text.size());
        const std::string word = text.substr(begin, end - begin);
        const bool is_first = result.empty() || result.back() == '\n';
        if (!is_first && used + 1 + length(word) > width) {
            result += "\n" + std::string(indent, ' ');
            used = indent;
        } else if (begin > 0) {
            result += ' ';
            ++used;
        }
        result += word;
        used += length(word);
        begin = end + 1;
    }
    return result;
}

std::string text_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows, size_t width) {
    std::vector<std::vector<std::string>> lines = rows;
    if (!header.empty()) lines.insert(lines.begin(), header);
    if (lines.empty()) return {};
    const size_t columns = lines[0].size();
    std::vector<size_t> widths(columns, 0);
    std::vector<bool> numeric(columns);
    for (size_t c = 0; c < columns; ++c) {
        for (const auto& line : lines) widths[c] = std::max(widths[c], length(line[c]));
        numeric[c] = is_numeric(rows, c);
    }
    std::string result;
    for (const auto& line : lines) {
        size_t used = 0;
        for (size_t c = 0; c < columns; ++c) {
            const std::string padding(widths[c] - length(line[c]), ' ');
            if (numeric[c])
                result += padding + line[c];
            else if (c + 1 < columns)
                result += line[c] + padding;
            else
                result += wrapped(line[c], used, std::max(width, used + 30));
            used += widths[c] + 2;
            if (c + 1 < columns) result += "  ";
        }
        while (result.ends_with(' ')) result.pop_back();
        result += '\n';
    }
    return result;
}

}  // namespace ravine
