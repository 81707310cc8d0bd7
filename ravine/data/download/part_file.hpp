#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace ravine {

/// A file on its way: TARGET.part, beside the target, which it becomes once all of it is there. It is locked
/// while it is open, so that two processes never write one; what a broken download has left is gone on with.
/// Where the target is a symbolic link, all of this is said of the file that it leads to.
class PartFile {
public:
    /// Opens the part, or begins one. Throws RunError where it cannot be written or another process holds it.
    explicit PartFile(const std::filesystem::path& target);
    /// An empty part is removed, any other stays for the next attempt.
    ~PartFile();
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;

    const std::filesystem::path& path() const { return path_; }
    uint64_t size() const { return size_; }
    /// Empties it.
    void restart();
    /// Adds bytes to its end. Throws RunError where that fails; those of them that were written stay.
    void append(std::span<const uint8_t> bytes);
    /// Makes it the target, on the disk, replacing what was there. Throws RunError where that fails. Nothing
    /// can be added afterwards.
    void publish();

private:
    [[noreturn]] void fail() const;

    std::filesystem::path target_, path_;
    int descriptor_ = -1;
    uint64_t size_ = 0;
};

}  // namespace ravine
