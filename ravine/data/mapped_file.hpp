#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace ravine {

/// The bytes of a file, read by the system where they are looked at, so that the file may be larger than
/// memory. The file must not be made shorter while it is mapped: the system ends the process (SIGBUS).
class MappedFile {
public:
    /// Throws RequestError where there is no such regular file, or it cannot be mapped.
    explicit MappedFile(const std::filesystem::path& path);
    /// Takes over an open file; `what` names it in an error.
    MappedFile(int descriptor, const char* what);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const uint8_t> bytes() const { return bytes_; }

private:
    void map(int descriptor, const char* what);

    std::span<const uint8_t> bytes_;
};

}  // namespace ravine
