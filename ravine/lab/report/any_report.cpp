#include "ravine/lab/report/any_report.hpp"

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/report/run_report.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "ravine/lab/reproduce/acet_report.hpp"
#include "ravine/lab/reproduce/adaptive_rate.hpp"

namespace ravine {

std::filesystem::path write_report(const std::filesystem::path& folder, const std::filesystem::path& out) {
    std::error_code ignored;
    const auto has = [&](const char* name) { return std::filesystem::exists(folder / name, ignored); };
    const bool is_study = has("study.json"), is_acet = has("acet.json"),
               is_adaptive_rate = has("adaptive-rate.json");
    if (!is_study && !is_acet && !is_adaptive_rate && !has("summary.json"))
        fail_request("{}: expected the folder of a study (study.json) or of a finished run (summary.json)",
                     folder.string());
    const auto path = out.empty() ? folder / "report.html" : out;
    require_writable(path);
    write_file_atomically(path, html_page(is_study           ? study_report(folder)
                                          : is_acet          ? acet_report(folder)
                                          : is_adaptive_rate ? adaptive_rate_report(folder)
                                                             : run_report({folder})));
    return path;
}

}  // namespace ravine
