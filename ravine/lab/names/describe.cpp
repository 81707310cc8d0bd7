#include "ravine/lab/names/describe.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/lab/names/text_table.hpp"

namespace ravine {
namespace {

constexpr size_t indent = 11;

std::string paragraph(const std::string& label, const std::string& text) {
    std::string result;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        const std::string heading = begin == 0 ? label : "";
        result +=
            fmt::format("{:<{}}{}\n", heading, indent, wrapped(text.substr(begin, end - begin), indent));
        begin = end + 1;
    }
    return result;
}

std::string settings_text(const Entry& entry) {
    if (entry.settings.empty()) return paragraph("settings", "none");
    std::vector<std::vector<std::string>> rows;
    for (const auto& s : entry.settings)
        rows.push_back(
            {"  " + s.name, s.default_value.empty() ? "-" : s.default_value, s.expected, s.meaning});
    return "\n" + text_table({"settings", "default", "expected", "meaning"}, rows);
}

}  // namespace

std::string list_text(const Kind& kind) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& entry : entries_of(kind)) rows.push_back({"  " + entry.name, entry.summary});
    return fmt::format("{}: {}\n{}", kind.plural, kind.meaning, text_table({}, rows));
}

std::string describe_text(const Entry& entry) {
    std::string text = fmt::format("{} ({})\n\n", entry.name, entry.kind);
    text += paragraph("summary", entry.summary);
    text += paragraph("formula", entry.formula);
    text += paragraph("source", entry.source);
    text += paragraph("example", example_of(entry));
    text += settings_text(entry);
    return text;
}

}  // namespace ravine
