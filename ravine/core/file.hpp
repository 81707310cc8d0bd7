#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace ravine {

/// The whole of a regular file as bytes. Throws RequestError where it does not exist, is no regular file,
/// cannot be read, or holds more than `limit` bytes.
std::string read_file(const std::filesystem::path& path, uint64_t limit = UINT64_MAX);

/// Writes the pieces, one after another, as the file `path`: into a temporary file beside it, flushed to the
/// disk and then renamed. Whatever happens, `path` holds either what it held before or all of the new
/// contents. Throws RunError, with the system's reason, where that fails; the temporary file is removed.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::string_view> pieces);
void write_file_atomically(const std::filesystem::path& path, std::string_view contents);

}  // namespace ravine
