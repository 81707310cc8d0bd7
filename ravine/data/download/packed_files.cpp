#include "ravine/data/download/packed_files.hpp"

#include <algorithm>

#include "ravine/data/files/archive_reader.hpp"
#include "ravine/data/files/digest.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

/// Size and digest of the member that the reader stands at, which is read up to one byte beyond `limit`.
KnownFile read_member(ArchiveReader& reader, const std::string& name, uint64_t limit) {
    Sha256 digest;
    KnownFile member{name, 0, ""};
    std::vector<uint8_t> piece(1 << 18);
    while (member.size <= limit) {
        const size_t most = std::min<uint64_t>(piece.size(), limit + 1 - member.size);
        const size_t got = reader.read(std::span(piece).first(most));
        digest.update(std::span(piece).first(got));
        member.size += got;
        if (got < most) break;
    }
    member.sha256 = digest.finish();
    return member;
}

}  // namespace

std::vector<KnownFile> packed_files(const fs::path& path, const std::vector<KnownFile>& wanted) {
    std::vector<KnownFile> found;
    for (const auto& file : wanted) found.push_back({file.name, 0, ""});
    ArchiveReader reader(path);
    while (const auto member = reader.next())
        for (size_t i = 0; i < wanted.size(); ++i)
            if ((member->is_whole_file || member->name() == fs::path(wanted[i].name).filename()) &&
                found[i].sha256.empty())
                found[i] = read_member(reader, wanted[i].name, wanted[i].size);
    return found;
}

}  // namespace ravine
