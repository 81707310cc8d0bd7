#include "ravine/data/files/archive_reader.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/files/unpacked_limit.hpp"

namespace ravine {
namespace {

/// Whether a member's path leads out of the folder that the archive would be unpacked in.
bool leads_out(const std::filesystem::path& path) {
    return path.is_absolute() || std::ranges::find(path, "..") != path.end();
}

/// How a file is compressed, by its first bytes; ARCHIVE_FILTER_NONE where it is not. Only what the library
/// unpacks by itself: for other kinds (lrzip, grzip, lzop, ...) it would start a program.
int filter_of(const std::filesystem::path& path) {
    const std::pair<std::string_view, int> known[] = {
        {"\x1F\x8B", ARCHIVE_FILTER_GZIP},
        {std::string_view("\xFD\x37zXZ\0", 6), ARCHIVE_FILTER_XZ},
        {"BZh", ARCHIVE_FILTER_BZIP2},
        {"\x28\xB5\x2F\xFD", ARCHIVE_FILTER_ZSTD},
    };
    std::array<char, 6> bytes{};
    std::ifstream file(path, std::ios::binary);
    file.read(bytes.data(), bytes.size());
    const std::string_view start(bytes.data(), static_cast<size_t>(file.gcount()));
    for (const auto& [magic, filter] : known)
        if (start.starts_with(magic)) return filter;
    return ARCHIVE_FILTER_NONE;
}

}  // namespace

void ArchiveReader::Close::operator()(archive* reader) const { archive_read_free(reader); }

ArchiveReader::ArchiveReader(const std::filesystem::path& path)
    : path_(path.string()), reader_(archive_read_new()) {
    if (!reader_) fail_run("libarchive: cannot start");
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored))
        fail_request("{}: expected a file, found a folder or device", path_);  // a FIFO would be waited for
    // One filter and no other: the library would also unpack what is packed several times, and guess again
    // each time. Anything but ARCHIVE_OK means that it has no code of its own for it.
    if (archive_read_append_filter(reader_.get(), filter_of(path)) != ARCHIVE_OK)
        fail_request("{}: this libarchive cannot unpack such a file by itself", path_);
    archive_read_support_format_tar(reader_.get());
    archive_read_support_format_zip(reader_.get());
    archive_read_support_format_raw(reader_.get());
    if (archive_read_open_filename(reader_.get(), path_.c_str(), 1 << 18) != ARCHIVE_OK) fail();
}

std::optional<ArchiveReader::Member> ArchiveReader::next() {
    skip();
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
        in_member_ = true;
        if (!is_whole_file && (archive_entry_filetype(entry) != AE_IFREG || is_link)) {
            skip();
            continue;
        }
        return Member{path, is_whole_file};
    }
    return {};
}

/// Goes to the end of a member. What is compressed has to be unpacked on the way, and is looked at then,
/// where the library would go on for as long as it takes.
void ArchiveReader::skip() {
    const bool is_compressed = archive_filter_count(reader_.get()) > 1;  // the file itself counts
    if (!std::exchange(in_member_, false) || !is_compressed) return;
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    for (int status = ARCHIVE_OK; status != ARCHIVE_EOF;) {
        status = archive_read_data_block(reader_.get(), &block, &size, &offset);
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN && status != ARCHIVE_EOF) fail();
        check_unpacked(path_, bytes_of_filter(-1), bytes_of_filter(0), archive_allowance);
    }
}

/// How many bytes came out of a filter: 0 is the last, -1 the file.
uint64_t ArchiveReader::bytes_of_filter(int filter) const {
    return static_cast<uint64_t>(std::max<la_int64_t>(0, archive_filter_bytes(reader_.get(), filter)));
}

size_t ArchiveReader::read(std::span<uint8_t> out) {
    size_t done = 0;
    while (done < out.size()) {
        constexpr size_t most_at_once = 1 << 24;
        const uint64_t before = bytes_of_filter(-1);
        const la_ssize_t got =
            archive_read_data(reader_.get(), out.data() + done, std::min(out.size() - done, most_at_once));
        if (got < 0) fail();
        if (got == 0) break;
        done += static_cast<size_t>(got);
        // A file within the archive may be packed itself (zip), or have holes (tar).
        packed_ += std::max(before, bytes_of_filter(-1)) - before;
        unpacked_ += static_cast<uint64_t>(got);
        check_unpacked(path_, packed_, unpacked_, archive_allowance);
    }
    return done;
}

void ArchiveReader::fail() {
    const char* reason = archive_error_string(reader_.get());
    fail_request("{}: damaged: {}", path_, reason == nullptr ? "cannot be unpacked" : reason);
}

}  // namespace ravine
