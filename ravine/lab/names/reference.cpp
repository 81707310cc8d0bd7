#include "ravine/lab/names/reference.hpp"

#include <fmt/format.h>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/lab/names/registry.hpp"

namespace ravine {
namespace {

constexpr auto note = "<!-- Written by ./dev docs from the registry: change the entry in the source. -->\n\n";

/// Text as Markdown shows it unchanged, in a table too; what stands between backquotes stays code.
std::string markdown(const std::string& text) {
    std::string result;
    bool is_code = false;
    for (const char c : text) {
        if (c == '`') is_code = !is_code;
        if (c == '|' || (!is_code && (c == '*' || c == '<' || c == '_' || c == '['))) result += '\\';
        result += c == '\n' ? ' ' : c;
    }
    return result;
}

std::string with_capital(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string settings_table(const Entry& entry) {
    if (entry.settings.empty()) return "No settings.\n";
    std::string text = "| setting | default | expected | meaning |\n|---|---|---|---|\n";
    for (const auto& s : entry.settings)
        text += fmt::format("| `{}` | {} | {} | {} |\n", s.name,
                            s.default_value.empty() ? "" : "`" + s.default_value + "`", markdown(s.expected),
                            markdown(s.meaning));
    return text;
}

std::string section(const Entry& entry) {
    return fmt::format("## {}\n\n{}.\n\n```\n{}\n```\n\nSource: {}.\n\n{}\n    {}\n", entry.name,
                       markdown(with_capital(entry.summary)), entry.formula, markdown(entry.source),
                       settings_table(entry), example_of(entry));
}

std::string page(const Kind& kind) {
    std::string text =
        fmt::format("# {}\n\n{}{}\n\n", with_capital(kind.plural), note, markdown(kind.meaning));
    const auto entries = entries_of(kind);
    for (const auto& entry : entries)
        text += fmt::format("- [{0}](#{0}): {1}\n", entry.name, markdown(entry.summary));
    for (const auto& entry : entries) text += "\n" + section(entry);
    return text;
}

std::string index() {
    std::string text = fmt::format(
        "# Reference\n\n{}Every name that Ravine knows, with its formula, source and settings. A name takes "
        "settings after a "
        "colon: `adam:learning_rate=0.01,beta1=0.8`. `ravine list` and `ravine describe NAME` show the same "
        "on a "
        "terminal.\n\n| page | what |\n|---|---|\n",
        note);
    for (const auto& kind : kinds()) {
        std::string names;
        for (const auto& entry : entries_of(kind))
            names += fmt::format("{}[{}]({}.md#{})", names.empty() ? "" : ", ", entry.name, kind.plural,
                                 entry.name);
        text +=
            fmt::format("| [{}]({}.md) | {} {} |\n", kind.plural, kind.plural, markdown(kind.meaning), names);
    }
    return text;
}

}  // namespace

void write_reference(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) fail_run("{}: cannot make the folder: {}", folder.string(), error.message());
    for (const auto& kind : kinds()) write_file_atomically(folder / (kind.plural + ".md"), page(kind));
    write_file_atomically(folder / "README.md", index());
}

}  // namespace ravine
