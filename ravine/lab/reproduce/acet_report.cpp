#include <fmt/format.h>

#include "ravine/core/file.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/reproduce/acet.hpp"

namespace ravine {
namespace {

ReportSection section_of(const AcetTable& table) {
    ReportTable shown{.caption = table.title, .header = table.header, .rows = table.rows};
    for (auto& row : shown.rows)
        for (auto& cell : row)
            if (cell == "-") cell = "–";
    const size_t number = table.title.find(':');
    return {.title = table.title.substr(0, number),
            .blocks = {std::move(shown), Paragraph{table.notes + "."}}};
}

}  // namespace

void write_acet_report(const std::filesystem::path& folder, const std::vector<AcetResult>& results,
                       const std::vector<Claim>& claims, const std::vector<AcetFigure>& figures) {
    Report report{.title = "Training by target evolution",
                  .subtitle = "The study of Dabounou (2024): standard training and ACET side by side",
                  .sections = {}};
    for (const auto& table : {acet_table1(results), acet_table2(results)})
        report.sections.push_back(section_of(table));
    ReportTable table{.caption = "What the paper says, and what was measured",
                      .header = {"Claim", "Verdict", "Measured"},
                      .rows = {}};
    for (const auto& c : claims) table.rows.push_back({c.claim, c.verdict, c.measured});
    report.sections.push_back({.title = "Claims", .blocks = {std::move(table)}});
    ReportSection pictures{.title = "Figures", .blocks = {}};
    for (const auto& figure : figures)
        pictures.blocks.emplace_back(Picture{read_file(figure.path), figure.caption});
    if (!pictures.blocks.empty()) report.sections.push_back(std::move(pictures));
    ReportSection again{.title = "Every data set", .blocks = {}};
    for (const auto& r : results)
        again.blocks.emplace_back(Paragraph{
            fmt::format("{}: {}/report.html has all contenders, seeds and curves of {} on {}.", r.set.title,
                        r.set.name, r.set.experiment.model, r.set.experiment.dataset)});
    again.blocks.emplace_back(CodeBlock{results.empty() ? "" : results.front().study.plan.command});
    report.sections.push_back(std::move(again));
    write_file_atomically(folder / "report.html", html_page(report));
}

}  // namespace ravine
