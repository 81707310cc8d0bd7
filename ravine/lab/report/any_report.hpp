#pragma once

#include <filesystem>

namespace ravine {

/// Writes the report of a study, of the study of target evolution over several data sets, or of a training
/// run, whichever `folder` holds, to `out`, or where that is empty to report.html in the folder, and returns
/// where. Throws RequestError where the folder holds none.
std::filesystem::path write_report(const std::filesystem::path& folder, const std::filesystem::path& out);

}  // namespace ravine
