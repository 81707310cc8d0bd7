#pragma once

#include <filesystem>

#include "ravine/core/files/lock.hpp"
#include "ravine/lab/study/study.hpp"

namespace ravine {

/// A study is a folder: study.json (what was compared, enough to run it again), the CSV files from which
/// every table and figure of its report is drawn, and trials/, whose files let it go on.
struct StudyFolder {
    std::filesystem::path path;
    FolderLock lock{};

    std::filesystem::path description() const { return path / "study.json"; }
    std::filesystem::path trials() const { return path / "trials"; }

    /// Holds the digest from the beginning: study.json is there at the end only.
    std::filesystem::path mark() const { return path / ".study"; }

    /// `wanted`, or runs/NAME where it is empty; made where it does not exist. Throws RequestError where it
    /// cannot be written, or holds something else than a study with this digest (empty: one of several), and
    /// RunError where another process is at work in it.
    static StudyFolder open_or_create(const std::string& wanted, const std::string& name,
                                      const std::string& digest);
};

/// Throws RunError where an interruption left trials out, with the way to go on.
void require_complete(const StudyResult& result, const StudyFolder& folder);

/// Writes study.json, trials.csv, curves.csv, steps.csv, summary.csv, comparisons.csv and, after tuning,
/// tuning.csv.
void write_study(const StudyFolder& folder, const StudyResult& result, const std::string& digest);

}  // namespace ravine
