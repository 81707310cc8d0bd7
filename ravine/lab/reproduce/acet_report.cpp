#include "ravine/lab/reproduce/acet_report.hpp"

#include <fmt/format.h>

#include "ravine/core/files/file.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/reproduce/acet.hpp"

namespace ravine {

Report acet_report(const std::filesystem::path& folder) {
    return paper_report(folder, "acet", "Training by target evolution",
                        "The study of Dabounou (2024): standard training and ACET side by side");
}

void write_acet_report(const std::filesystem::path& folder, const std::vector<AcetResult>& results,
                       const std::vector<Claim>& claims, const std::vector<AcetFigure>& figures) {
    PaperPage page{.kind = "acet",
                   .command = results.empty() ? "" : results.front().study.plan.command,
                   .tables = {acet_table1(results), acet_table2(results)},
                   .figures = figures};
    for (const auto& r : results)
        page.parts.push_back(
            fmt::format("{}: {}/report.html has all contenders, seeds and curves of {} on {}.", r.set.title,
                        r.set.name, r.set.experiment.model, r.set.experiment.dataset));
    write_file_atomically(folder / "table1.csv", page.tables[0].csv);
    write_file_atomically(folder / "table2.csv", page.tables[1].csv);
    write_file_atomically(folder / "claims.csv", claims_csv(claims));
    write_paper_page(folder, page);
    write_file_atomically(folder / "report.html", html_page(acet_report(folder)));
}

}  // namespace ravine
