#pragma once

#include <filesystem>

namespace ravine {

/// Writes the reference in Markdown: an index, README.md, and one page a kind, with every entry of the
/// registry and its settings. The folder is made where it does not exist. Throws RunError where it cannot be
/// written.
void write_reference(const std::filesystem::path& folder);

}  // namespace ravine
