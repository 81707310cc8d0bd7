#include "ravine/lab/reproduce/paper_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/lab/report/csv_rows.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const PaperTable& table) {
    return {{"title", table.title}, {"header", table.header}, {"rows", table.rows}, {"notes", table.notes}};
}

/// A table as KIND.json has it. "Table 1: accuracy" is in a section called "Table 1".
ReportSection table_section(const Json& json) {
    const std::string title = json.at("title");
    ReportTable table{.caption = title, .header = json.at("header"), .rows = json.at("rows")};
    for (auto& row : table.rows) {
        if (row.size() != table.header.size()) throw std::out_of_range("rows as wide as their header");
        std::ranges::replace(row, "-", "–");
    }
    return {.title = title.substr(0, title.find(':')),
            .blocks = {std::move(table), Paragraph{json.at("notes").get<std::string>() + "."}}};
}

ReportSection claims_section(const CsvRows& claims) {
    ReportTable table{.caption = "What the paper says, and what was measured",
                      .header = {"Claim", "Verdict", "Measured"},
                      .rows = {}};
    for (int64_t row = 0; row < claims.size(); ++row)
        table.rows.push_back(
            {claims.text(row, "claim"), claims.text(row, "verdict"), claims.text(row, "measured")});
    return {.title = "Claims", .blocks = {std::move(table)}};
}

}  // namespace

void write_paper_page(const std::filesystem::path& folder, const PaperPage& page) {
    Json json{{"kind", page.kind},
              {"command", page.command},
              {"tables", Json::array()},
              {"figures", Json::array()},
              {"sets", page.parts}};
    for (const auto& table : page.tables) json["tables"].push_back(to_json(table));
    for (const auto& figure : page.figures)
        json["figures"].push_back({{"file", figure.path.filename().string()}, {"caption", figure.caption}});
    write_file_atomically(folder / (page.kind + ".json"), json.dump(2) + "\n");
}

Report paper_report(const std::filesystem::path& folder, const std::string& kind, const std::string& title,
                    const std::string& subtitle) {
    const auto file = folder / (kind + ".json");
    try {
        const Json json =
            parse_json<Json>(read_file(file), file.string() + ": expected the tables and figures of a study");
        Report report{.title = title, .subtitle = subtitle, .sections = {}};
        for (const auto& table : json.at("tables")) report.sections.push_back(table_section(table));
        report.sections.push_back(claims_section(CsvRows(folder / "claims.csv")));
        ReportSection figures{.title = "Figures", .blocks = {}};
        for (const auto& figure : json.at("figures")) {
            const std::filesystem::path picture = figure.at("file").get<std::string>();
            figures.blocks.emplace_back(
                Picture{read_file(folder / picture.filename()), figure.at("caption").get<std::string>()});
        }
        if (!figures.blocks.empty()) report.sections.push_back(std::move(figures));
        ReportSection sets{.title = "Every data set", .blocks = {}};
        for (const auto& set : json.at("sets")) sets.blocks.emplace_back(Paragraph{set.get<std::string>()});
        sets.blocks.emplace_back(CodeBlock{json.at("command").get<std::string>()});
        report.sections.push_back(std::move(sets));
        return report;
    } catch (const nlohmann::json::exception& error) {
        fail_request("{}: expected the tables and figures of a study: {}", file.string(),
                     json_complaint(error));
    } catch (const std::out_of_range& error) {
        fail_request("{}: expected {}", file.string(), error.what());
    }
}

}  // namespace ravine
