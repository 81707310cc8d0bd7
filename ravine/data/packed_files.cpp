#include "ravine/data/packed_files.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

#include "ravine/core/error.hpp"
#include "ravine/data/digest.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

struct Close {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Close>;

[[noreturn]] void fail(const fs::path& path, archive* reader) {
    const char* reason = archive_error_string(reader);
    fail_request("{}: damaged: {}", path.string(), reason == nullptr ? "cannot be unpacked" : reason);
}

/// Size and digest of the member that the reader stands at, which is read up to one byte beyond `limit`.
KnownFile read_member(const fs::path& path, archive* reader, const std::string& name, uint64_t limit) {
    Sha256 digest;
    KnownFile member{name, 0, ""};
    std::vector<uint8_t> piece(1 << 18);
    while (member.size <= limit) {
        const size_t most = std::min<uint64_t>(piece.size(), limit + 1 - member.size);
        const la_ssize_t got = archive_read_data(reader, piece.data(), most);
        if (got < 0) fail(path, reader);
        if (got == 0) break;
        digest.update(std::span(piece).first(static_cast<size_t>(got)));
        member.size += static_cast<uint64_t>(got);
    }
    member.sha256 = digest.finish();
    return member;
}

}  // namespace

std::vector<KnownFile> packed_files(const fs::path& path, const std::vector<KnownFile>& wanted) {
    const Reader reader(archive_read_new());
    if (!reader) fail_run("libarchive: cannot start");
    archive_read_support_filter_all(reader.get());
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_raw(reader.get());
    if (archive_read_open_filename(reader.get(), path.c_str(), 1 << 18) != ARCHIVE_OK)
        fail(path, reader.get());

    std::vector<KnownFile> found;
    for (const auto& file : wanted) found.push_back({file.name, 0, ""});
    archive_entry* entry = nullptr;
    for (int status = ARCHIVE_OK; (status = archive_read_next_header(reader.get(), &entry)) != ARCHIVE_EOF;) {
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) fail(path, reader.get());
        const bool is_raw = archive_format(reader.get()) == ARCHIVE_FORMAT_RAW;
        const char* member = archive_entry_pathname(entry);
        const fs::path name = member == nullptr ? fs::path() : fs::path(member).filename();
        for (size_t i = 0; i < wanted.size(); ++i)
            if ((is_raw || name == fs::path(wanted[i].name).filename()) && found[i].sha256.empty())
                found[i] = read_member(path, reader.get(), wanted[i].name, wanted[i].size);
    }
    return found;
}

}  // namespace ravine
