#pragma once

#include <filesystem>

#include "ravine/lab/report/report.hpp"

namespace ravine {

/// The page of a study of target evolution, drawn from acet.json, claims.csv and the figures in its folder.
/// Throws RequestError where one is missing or damaged.
Report acet_report(const std::filesystem::path& folder);

}  // namespace ravine
