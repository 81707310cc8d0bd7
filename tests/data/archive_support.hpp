#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/data/support.hpp"

namespace ravine::test {

/// A member of an archive: a file with contents, or a symbolic link to `link`.
struct Member {
    std::string name, contents, link = {};
};

/// Writes an archive, compressed as its name says; a zip archive for .npz.
inline std::string write_archive(const TemporaryFolder& folder, const std::string& name,
                                 const std::vector<Member>& members) {
    const std::string path = folder.write(name, "");
    archive* writer = archive_write_new();
    if (name.ends_with(".zst"))  // an ending that libarchive 3.6 does not know
        archive_write_add_filter_zstd(writer);
    else if (!name.ends_with(".npz"))
        archive_write_set_format_filter_by_ext(writer, path.c_str());
    if (name.ends_with(".npz"))
        archive_write_set_format_zip(writer);
    else
        archive_write_set_format_ustar(writer);
    archive_write_open_filename(writer, path.c_str());
    for (const auto& [member, contents, link] : members) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, member.c_str());
        archive_entry_set_size(entry, static_cast<la_int64_t>(contents.size()));
        archive_entry_set_filetype(entry, link.empty() ? AE_IFREG : AE_IFLNK);
        if (!link.empty()) archive_entry_set_symlink(entry, link.c_str());
        archive_entry_set_perm(entry, 0644);
        archive_write_header(writer, entry);
        archive_write_data(writer, contents.data(), contents.size());
        archive_entry_free(entry);
    }
    archive_write_free(writer);
    return path;
}

}  // namespace ravine::test
