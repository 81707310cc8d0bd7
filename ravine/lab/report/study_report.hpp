#pragma once

#include <filesystem>

#include "ravine/lab/report/report.hpp"

namespace ravine {

/// The report of a study's folder, drawn from study.json and the CSV files in it and from nothing else.
/// Throws RequestError where study.json is missing or damaged, or a CSV file is.
Report study_report(const std::filesystem::path& folder);

/// Writes study_report() as FOLDER/report.html.
void write_study_report(const std::filesystem::path& folder);

}  // namespace ravine
