#include "ravine/core/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

std::string reason() { return std::strerror(errno); }

/// Closes a descriptor and removes the temporary file unless told that all went well.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::filesystem::path& target) {
        // Unique among processes and among the threads of this one, and in the target's folder: a rename is
        // atomic only within one file system.
        static std::atomic<int> counter{0};
        path_ = fmt::format("{}.tmp-{}-{}", target.string(), getpid(), counter++);
        descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor_ < 0) fail_run("{}: cannot write: {}", target.string(), reason());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (descriptor_ >= 0) close(descriptor_);
        if (!kept_) unlink(path_.c_str());
    }

    bool write(std::string_view piece) {
        while (!piece.empty()) {
            const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return false;
            piece.remove_prefix(static_cast<size_t>(written));
        }
        return true;
    }

    bool finish(const std::filesystem::path& target) {
        if (fsync(descriptor_) != 0) return false;
        const int descriptor = std::exchange(descriptor_, -1);
        if (close(descriptor) != 0) return false;
        kept_ = std::rename(path_.c_str(), target.c_str()) == 0;
        return kept_;
    }

private:
    std::string path_;
    int descriptor_ = -1;
    bool kept_ = false;
};

}  // namespace

std::string read_file(const std::filesystem::path& path, uint64_t limit) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) fail_request("{}: no such file", path.string());
    if (!std::filesystem::is_regular_file(status))
        fail_request("{}: expected a file, found a folder or device", path.string());
    const uint64_t size = std::filesystem::file_size(path, error);
    std::ifstream stream(path, std::ios::binary);
    if (error || !stream) fail_request("{}: cannot read: {}", path.string(), reason());
    if (size > limit) fail_request("{}: expected at most {} bytes, found {}", path.string(), limit, size);
    std::string contents(size, '\0');
    stream.read(contents.data(), static_cast<std::streamsize>(size));
    if (static_cast<uint64_t>(stream.gcount()) != size)
        fail_request("{}: byte {}: expected {} bytes, found the end", path.string(), stream.gcount(), size);
    return contents;
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::string_view> pieces) {
    TemporaryFile file(path);
    for (const auto piece : pieces)
        if (!file.write(piece)) fail_run("{}: cannot write: {}", path.string(), reason());
    if (!file.finish(path)) fail_run("{}: cannot write: {}", path.string(), reason());
    // The new name outlives a power cut only once its folder is on the disk too. Not all file systems can do
    // that, and the file is complete in any case, so a failure here is none of the caller's business.
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
}

void write_file_atomically(const std::filesystem::path& path, std::string_view contents) {
    write_file_atomically(path, std::span<const std::string_view>(&contents, 1));
}

}  // namespace ravine
