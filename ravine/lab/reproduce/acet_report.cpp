#include "ravine/lab/reproduce/acet_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/lab/report/csv_rows.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/reproduce/acet.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const AcetTable& table) {
    return {{"title", table.title}, {"header", table.header}, {"rows", table.rows}, {"notes", table.notes}};
}

/// A table as acet.json has it. "Table 1: accuracy" is in a section called "Table 1".
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

Report acet_report(const std::filesystem::path& folder) try {
    const Json json =
        parse_json<Json>(read_file(folder / "acet.json"),
                         (folder / "acet.json").string() + ": expected the tables and figures of a study");
    Report report{.title = "Training by target evolution",
                  .subtitle = "The study of Dabounou (2024): standard training and ACET side by side",
                  .sections = {}};
    for (const auto& table : json.at("tables")) report.sections.push_back(table_section(table));
    report.sections.push_back(claims_section(CsvRows(folder / "claims.csv")));
    ReportSection figures{.title = "Figures", .blocks = {}};
    for (const auto& figure : json.at("figures")) {
        const std::filesystem::path file = figure.at("file").get<std::string>();
        figures.blocks.emplace_back(
            Picture{read_file(folder / file.filename()), figure.at("caption").get<std::string>()});
    }
    if (!figures.blocks.empty()) report.sections.push_back(std::move(figures));
    ReportSection sets{.title = "Every data set", .blocks = {}};
    for (const auto& set : json.at("sets")) sets.blocks.emplace_back(Paragraph{set.get<std::string>()});
    sets.blocks.emplace_back(CodeBlock{json.at("command").get<std::string>()});
    report.sections.push_back(std::move(sets));
    return report;
} catch (const nlohmann::json::exception& error) {
    fail_request("{}: expected the tables and figures of a study: {}", (folder / "acet.json").string(),
                 json_complaint(error));
} catch (const std::out_of_range& error) {
    fail_request("{}: expected {}", (folder / "acet.json").string(), error.what());
}

void write_acet_report(const std::filesystem::path& folder, const std::vector<AcetResult>& results,
                       const std::vector<Claim>& claims, const std::vector<AcetFigure>& figures) {
    const AcetTable table1 = acet_table1(results), table2 = acet_table2(results);
    Json json{{"kind", "acet"},
              {"command", results.empty() ? "" : results.front().study.plan.command},
              {"tables", {to_json(table1), to_json(table2)}},
              {"figures", Json::array()},
              {"sets", Json::array()}};
    for (const auto& figure : figures)
        json["figures"].push_back({{"file", figure.path.filename().string()}, {"caption", figure.caption}});
    for (const auto& r : results)
        json["sets"].push_back(
            fmt::format("{}: {}/report.html has all contenders, seeds and curves of {} on {}.", r.set.title,
                        r.set.name, r.set.experiment.model, r.set.experiment.dataset));
    write_file_atomically(folder / "table1.csv", table1.csv);
    write_file_atomically(folder / "table2.csv", table2.csv);
    write_file_atomically(folder / "claims.csv", claims_csv(claims));
    write_file_atomically(folder / "acet.json", json.dump(2) + "\n");
    write_file_atomically(folder / "report.html", html_page(acet_report(folder)));
}

}  // namespace ravine
