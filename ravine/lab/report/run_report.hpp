#pragma once

#include "ravine/lab/report/report.hpp"
#include "ravine/lab/run/run_folder.hpp"

namespace ravine {

/// The report of a finished run, drawn from the files of its folder: config.toml, metrics.jsonl,
/// summary.json and, where they are, boundary.csv and points.csv. Throws RequestError for a damaged one.
Report run_report(const RunFolder& folder);

/// Writes run_report() as report.html.
void write_run_report(const RunFolder& folder);

}  // namespace ravine
