#include <fmt/format.h>

#include <algorithm>

#include "ravine/lab/report/study_sections.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

std::string list_text(const Json& values) {
    if (!values.is_array()) return setting_text(values);
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + setting_text(value);
    return text;
}

/// The names of the settings that are not shared.
std::vector<std::string> differing(const StudyData& data) {
    std::vector<std::string> names;
    const Json& shared = member(data.description, "shared");
    for (const auto& contender : member(data.description, "contenders"))
        for (const auto& [name, value] : member(contender, "settings").items())
            if (name != "seed" && !(shared.is_object() && shared.contains(name)) &&
                std::ranges::find(names, name) == names.end())
                names.push_back(name);
    return names;
}

}  // namespace

ReportSection settings_section(const StudyData& data) {
    ReportSection section{.title = "Settings", .blocks = {}};
    const auto names = differing(data);
    const Json& contenders = member(data.description, "contenders");
    const std::string tuned = data.tuned_setting();
    if (!names.empty() || !tuned.empty()) {
        ReportTable table{.caption = "What sets the contenders apart",
                          .header = {"Contender"},
                          .rows = {},
                          .rows_are_series = true};
        for (const auto& name : names) table.header.push_back(metric_words(name));
        if (!tuned.empty()) table.header.push_back("Tuned " + metric_words(tuned));
        for (size_t c = 0; c < data.contenders.size(); ++c) {
            auto& cells = table.rows.emplace_back();
            cells.push_back(data.contenders[c]);
            for (const auto& name : names)
                cells.push_back(setting_text(member(member(contenders[c], "settings"), name)));
            if (!tuned.empty()) cells.push_back(data.tuned_value(c));
        }
        section.blocks.emplace_back(std::move(table));
    }
    if (const Json& shared = member(data.description, "shared"); shared.is_object() && !shared.empty()) {
        ReportTable table{.caption = "What all contenders share", .header = {"Setting", "Value"}, .rows = {}};
        for (const auto& [name, value] : shared.items())
            table.rows.push_back({metric_words(name), setting_text(value)});
        section.blocks.emplace_back(std::move(table));
    }
    return section;
}

ReportSection rerun_section(const StudyData& data) {
    ReportSection section{.title = "Run it again", .blocks = {}};
    if (const std::string command = data.text("command"); !command.empty())
        section.blocks.emplace_back(CodeBlock{command});
    ReportTable table{.caption = "Where and how this was measured", .header = {"", ""}, .rows = {}};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty() && value != "–") table.rows.push_back({name, value});
    };
    const Json& tuning = member(data.description, "tuning");
    add("Ravine", data.text("ravine"));
    add("Machine", data.text("machine"));
    add("Written", data.text("created"));
    add("Data set", data.text("dataset"));
    add("Seeds", list_text(member(data.description, "seeds")));
    add("Seeds of tuning", list_text(member(tuning, "seeds")));
    add("Values tried", list_text(member(tuning, "values")));
    section.blocks.emplace_back(std::move(table));
    section.blocks.emplace_back(
        Paragraph{"Every number and figure here is drawn from the CSV files beside this file; “ravine report "
                  "FOLDER” draws it again."});
    return section;
}

}  // namespace ravine
