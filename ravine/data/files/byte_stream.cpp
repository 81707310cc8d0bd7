#include "ravine/data/files/byte_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "ravine/core/error.hpp"
#include "ravine/data/files/unpacked_limit.hpp"

namespace ravine {

ByteStream::ByteStream(const std::filesystem::path& path) : path_(path.string()) {
    std::error_code ignored;
    const auto status = std::filesystem::status(path, ignored);
    if (!std::filesystem::exists(status)) fail_request("{}: no such file", path_);
    if (!std::filesystem::is_regular_file(status))
        fail_request("{}: expected a file, found a folder or device", path_);
    file_.reset(gzopen(path_.c_str(), "rb"));
    if (!file_) fail_request("{}: cannot read: {}", path_, std::strerror(errno));
    gzbuffer(file_.get(), 1 << 17);
}

size_t ByteStream::read(std::span<uint8_t> out) {
    constexpr size_t most_at_once = 1 << 24;  // looks at what came of it now and then
    size_t filled = 0;
    while (filled < out.size()) {
        const auto wanted = static_cast<unsigned>(std::min(out.size() - filled, most_at_once));
        const int got = gzread(file_.get(), out.data() + filled, wanted);
        // A compressed file that ends early gives the bytes it has, and its error only beside them.
        int error = Z_OK;
        const char* message = gzerror(file_.get(), &error);
        const uint64_t place = position_ + static_cast<uint64_t>(std::max(got, 0));
        if (error == Z_BUF_ERROR)
            fail_request("{}: byte {}: the compressed data end too early", path_, place);
        if (got < 0 || error < 0)
            fail_request("{}: byte {}: damaged: {}", path_, place,
                         error == Z_ERRNO ? std::strerror(errno) : message);
        if (got == 0) break;
        filled += static_cast<size_t>(got);
        position_ += static_cast<uint64_t>(got);
        if (!is_plain())
            check_unpacked(path_, static_cast<uint64_t>(gzoffset(file_.get())), position_, stream_allowance);
    }
    return filled;
}

}  // namespace ravine
