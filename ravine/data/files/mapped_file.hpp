#pragma once

#include <cstdint>
#include <span>

namespace ravine {

/// The bytes of a file, read by the system where they are looked at, so that the file may be larger than
/// memory. If a file is made shorter while it is mapped, the system ends the process (SIGBUS) and nothing can
/// guard against that; so only a file without a name is mapped, which nobody else can open.
class MappedFile {
public:
    /// Takes over an open file. Throws RequestError where it is no regular file or cannot be mapped; `what`
    /// names it there.
    MappedFile(int descriptor, const char* what);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const uint8_t> bytes() const { return bytes_; }

private:
    std::span<const uint8_t> bytes_;
};

}  // namespace ravine
