#pragma once

#include <filesystem>

namespace ravine {

/// Throws RequestError where no file can be written to `path`: its folder does not exist or may not be
/// written to, or the path is a folder. To be asked before work whose result would be lost.
void require_writable(const std::filesystem::path& path);

}  // namespace ravine
