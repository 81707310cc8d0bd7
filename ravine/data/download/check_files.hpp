#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ravine/data/sources/published.hpp"

namespace ravine {

enum class FileState { ok, missing, differs };  ///< from good to bad

/// "ok", "missing" or "differs".
std::string to_string(FileState state);

/// A file of a published set, and how it compares with the published one.
struct CheckedFile {
    FileState state;
    std::string about;  ///< its path, and where it is not plainly ok what was expected and found
};

/// The files of a set, one entry or more for each published file. Every form of a file that is here is
/// compared by size and SHA-256: the published one; one that was packed anew (a .tar.xz for a .tar.gz), by
/// the files in it; the unpacked files.
std::vector<CheckedFile> check_files(const PublishedSet& set, const std::string& data_dir);

/// Where a published set is, without a look into its files.
struct FoundSet {
    std::filesystem::path folder = {};      ///< the first that holds a file of it, in whatever form; or empty
    std::vector<std::string> missing = {};  ///< those of its published files of which it has no form
};
FoundSet find_set(const PublishedSet& set, const std::string& data_dir);

}  // namespace ravine
