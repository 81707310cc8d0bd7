#pragma once

#include <filesystem>
#include <vector>

#include "ravine/data/sources/published.hpp"

namespace ravine {

/// What is packed in a file: size and SHA-256 of each of the files `wanted`, in that order. A member of an
/// archive is found by its name, with any folders before it; a compressed file without an archive in it has
/// one member, whatever its name. One that is not there has no digest. At most one byte more than a file's
/// known size is read of it. Throws RequestError where the file cannot be read or is damaged.
std::vector<KnownFile> packed_files(const std::filesystem::path& path, const std::vector<KnownFile>& wanted);

}  // namespace ravine
