#include "ravine/lab/report/study_report.hpp"

#include <fmt/format.h>

#include "ravine/core/files/file.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/report/study_sections.hpp"

namespace ravine {

Report study_report(const std::filesystem::path& folder) {
    const StudyData data = StudyData::read(folder);
    std::string title = data.text("title");
    if (title.empty()) title = "Comparison on " + data.text("dataset");
    Report report{.title = title,
                  .subtitle = fmt::format("{} contender{}, {} seed{} each, on {}", data.contenders.size(),
                                          data.contenders.size() == 1 ? "" : "s", data.seeds.size(),
                                          data.seeds.size() == 1 ? "" : "s", data.text("dataset")),
                  .sections = {}};
    for (const auto section : {headline_section, claims_section, first_order_section, outcomes_section,
                               curves_section, target_section, tuning_section, boundaries_section,
                               updates_section, settings_section, rerun_section})
        if (ReportSection made = section(data); !made.blocks.empty())
            report.sections.push_back(std::move(made));
    return report;
}

void write_study_report(const std::filesystem::path& folder) {
    write_file_atomically(folder / "report.html", html_page(study_report(folder)));
}

}  // namespace ravine
