#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace ravine {

/// The bytes of a file, gzip-compressed or plain, one after another. Every error is a RequestError that names
/// the file and the byte; one that unpacks to what no real file does (check_unpacked()) is an error too.
class ByteStream {
public:
    /// Throws where there is no such regular file, or it cannot be read.
    explicit ByteStream(const std::filesystem::path& path);

    /// Fills `out` from the file and returns how many bytes there were: fewer than asked for only at the end.
    size_t read(std::span<uint8_t> out);

    /// Whether the file is not compressed; known once something was read.
    bool is_plain() const { return gzdirect(file_.get()) == 1; }
    /// How many bytes have been read, of the contents.
    uint64_t position() const { return position_; }
    const std::string& path() const { return path_; }

private:
    struct Close {
        void operator()(gzFile file) const { gzclose(file); }
    };
    std::string path_;
    std::unique_ptr<gzFile_s, Close> file_;
    uint64_t position_ = 0;
};

}  // namespace ravine
