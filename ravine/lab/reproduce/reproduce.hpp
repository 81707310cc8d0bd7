#pragma once

#include <filesystem>
#include <string>

#include "ravine/lab/reproduce/acet.hpp"
#include "ravine/lab/reproduce/adaptive_rate.hpp"
#include "ravine/lab/reproduce/first_order.hpp"

namespace ravine {

/// A paper's study that was run again: its folder, with tables, claims and report.html, and what to tell a
/// person.
struct Reproduced {
    std::filesystem::path folder;
    std::string text;  ///< tables, and the paper's claims with a verdict each
};

/// Runs a study, or what is missing of one whose folder is `out`; an empty text stands for a folder of its
/// own under runs/. Progress goes to standard error; Ctrl-C ends it in good order. Throws RequestError for
/// options that make no sense and a folder of something else, and RunError where it was interrupted.
Reproduced reproduce_first_order(const FirstOrderStudyOptions& options, const std::string& out);
Reproduced reproduce_acet(AcetStudyOptions options, const std::string& out);
Reproduced reproduce_adaptive_rate(const AdaptiveRateOptions& options, const std::string& out);

}  // namespace ravine
