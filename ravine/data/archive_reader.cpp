#include "ravine/data/archive_reader.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/data/excerpt.hpp"

namespace ravine {
namespace {

/// Whether a member's path leads out of the folder that the archive would be unpacked in.
bool leads_out(const std::filesystem::path& path) {
    return path.is_absolute() || std::ranges::find(path, "..") != path.end();
}

}  // namespace

void ArchiveReader::Close::operator()(archive* reader) const { archive_read_free(reader); }

ArchiveReader::ArchiveReader(const std::filesystem::path& path)
    : path_(path.string()), reader_(archive_read_new()) {
    if (!reader_) fail_run("libarchive: cannot start");
    archive_read_support_filter_all(reader_.get());
    archive_read_support_format_tar(reader_.get());
    archive_read_support_format_zip(reader_.get());
    archive_read_support_format_raw(reader_.get());
    if (archive_read_open_filename(reader_.get(), path_.c_str(), 1 << 18) != ARCHIVE_OK) fail();
}

std::optional<ArchiveReader::Member> ArchiveReader::next() {
    archive_entry* entry = nullptr;
    for (int status = ARCHIVE_OK;
         (status = archive_read_next_header(reader_.get(), &entry)) != ARCHIVE_EOF;) {
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) fail();
        const bool is_whole_file = archive_format(reader_.get()) == ARCHIVE_FORMAT_RAW;
        const char* pathname = archive_entry_pathname(entry);
        const std::string path = pathname == nullptr ? "" : pathname;
        if (!is_whole_file && leads_out(path))
            fail_request("{}: expected files inside the archive, found one whose path leads out of it: '{}'",
                         path_, excerpt(path));
        const bool is_link =
            archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
        if (!is_whole_file && (archive_entry_filetype(entry) != AE_IFREG || is_link)) continue;
        return Member{path, is_whole_file};
    }
    return {};
}

size_t ArchiveReader::read(std::span<uint8_t> out) {
    size_t done = 0;
    while (done < out.size()) {
        const la_ssize_t got = archive_read_data(reader_.get(), out.data() + done, out.size() - done);
        if (got < 0) fail();
        if (got == 0) break;
        done += static_cast<size_t>(got);
    }
    return done;
}

void ArchiveReader::fail() {
    const char* reason = archive_error_string(reader_.get());
    fail_request("{}: damaged: {}", path_, reason == nullptr ? "cannot be unpacked" : reason);
}

}  // namespace ravine
