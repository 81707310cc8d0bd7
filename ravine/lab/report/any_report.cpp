#include "ravine/lab/report/any_report.hpp"

#include "ravine/core/error.hpp"
#include "ravine/core/file.hpp"
#include "ravine/lab/output.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/report/study_report.hpp"

namespace ravine {

std::filesystem::path write_report(const std::filesystem::path& folder, const std::filesystem::path& out) {
    std::error_code ignored;
    const auto has = [&](const char* name) { return std::filesystem::exists(folder / name, ignored); };
    if (!has("study.json")) fail_request("{}: expected a folder with a study (study.json)", folder.string());
    const auto path = out.empty() ? folder / "report.html" : out;
    require_writable(path);
    write_file_atomically(path, html_page(study_report(folder)));
    return path;
}

}  // namespace ravine
