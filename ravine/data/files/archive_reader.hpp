#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

struct archive;

namespace ravine {

/// The regular files packed in a zip archive, or a tar archive, plain or compressed with gzip, xz, bzip2 or
/// zstd, one after another. Nothing is ever written to the disk, and no program is started; links, devices
/// and folders are passed over, and a path that leads out of the archive, upwards or absolute, is refused,
/// and so is what unpacks to more than a real file does (check_unpacked()). Every error is a RequestError
/// that names the file.
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
    void skip();
    uint64_t bytes_of_filter(int filter) const;

    struct Close {
        void operator()(archive* reader) const;
    };
    std::string path_;
    std::unique_ptr<archive, Close> reader_;
    bool in_member_ = false;
    uint64_t packed_ = 0, unpacked_ = 0;  // bytes, of the members that were read
};

}  // namespace ravine
