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
/// contents. A symbolic link stays one: the file that it leads to is written, which need not exist. Devices,
/// FIFOs, and what standard output or standard error already lead to, are written straight into. Throws
/// RunError, with the system's reason, where that fails; the temporary file is removed.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::string_view> pieces);
void write_file_atomically(const std::filesystem::path& path, std::string_view contents);

/// Where a path's symbolic links lead, the last of which may lead to nothing yet. Throws RunError where there
/// are too many.
std::filesystem::path follow_links(std::filesystem::path path);

/// Throws RequestError where no file can be written to `path`: its folder does not exist or may not be
/// written to, or the path is a folder or a socket. To be asked before work whose result would be lost.
void require_writable(const std::filesystem::path& path);

/// Removes the temporary files in a folder that writers left who were killed; those of writers at work stay.
void remove_abandoned_files(const std::filesystem::path& folder);

}  // namespace ravine
