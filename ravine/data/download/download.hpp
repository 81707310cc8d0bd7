#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "ravine/data/download/fetch.hpp"
#include "ravine/data/sources/published.hpp"

namespace ravine {

/// Hears how a download goes.
class DownloadListener {
public:
    virtual ~DownloadListener() = default;
    /// A file begins, or begins again: the first `present` of its `size` bytes are already here.
    virtual void on_start(const std::string& file, const std::string& address, uint64_t present,
                          uint64_t size) = 0;
    virtual void on_progress(uint64_t present) = 0;
    /// The file is in its place, and verified.
    virtual void on_done(const std::filesystem::path& file) = 0;
    /// What a person should know: why an address was given up, that a file was here already.
    virtual void on_note(const std::string& note) = 0;
};

struct DownloadOptions {
    std::string data_dir = {};  ///< empty: the first of the usual places, see data_folders()
    std::string from = {};      ///< the address of a mirror, used instead of the set's own ones
    FetchLimits limits = {};
};

/// Brings the files of a set into FOLDER/NAME and returns that folder. Files that are there and have the
/// published digest are left alone. Each file is read from one mirror after another into FILE.part, from
/// where an earlier attempt ended, and becomes FILE once its size and SHA-256 are those published; a part
/// that turns out wrong is discarded, and the file is read again from its beginning, once. With `from` the
/// mirrors are FROM/ and FROM/NAME/. Throws RequestError for an address that is none, and RunError where no
/// mirror gave a file, it cannot be written, or after Ctrl-C.
std::filesystem::path download_set(const PublishedSet& set, const DownloadOptions& options,
                                   DownloadListener& listener);

}  // namespace ravine
