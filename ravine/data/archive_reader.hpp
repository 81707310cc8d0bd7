#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

struct archive;

namespace ravine {

/// The regular files packed in a zip archive, or a tar archive with any compression, one after another.
/// Nothing is ever written to the disk; links, devices and folders are passed over, and a path that leads out
/// of the archive, upwards or absolute, is refused. Every error is a RequestError that names the file.
class ArchiveReader {
public:
    /// Throws where the file cannot be read, or is neither an archive nor a compressed file.
    explicit ArchiveReader(const std::filesystem::path& path);

    struct Member {
        std::string path;  ///< within the archive
        /// The file is not an archive: its decompressed contents are the only member.
        bool is_whole_file;

        /// The last part of the path.
        std::string name() const { return std::filesystem::path(path).filename().string(); }
    };
    /// The next regular file; nothing at the end.
    std::optional<Member> next();
    /// Fills `out` from the member and returns how many bytes there were: fewer than asked for at its end.
    size_t read(std::span<uint8_t> out);

private:
    [[noreturn]] void fail();

    struct Close {
        void operator()(archive* reader) const;
    };
    std::string path_;
    std::unique_ptr<archive, Close> reader_;
};

}  // namespace ravine
