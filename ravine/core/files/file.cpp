#include "ravine/core/files/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/files/lock.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_mark = ".tmp-";  // NAME.tmp-PROCESS-COUNT

std::string reason() { return std::strerror(errno); }

[[noreturn]] void fail_to_write(const fs::path& path) {
    fail_run("{}: cannot write: {}", path.string(), reason());
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : "."; }

bool write_all(int descriptor, std::string_view piece) {
    while (!piece.empty()) {
        const ssize_t written = ::write(descriptor, piece.data(), piece.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        piece.remove_prefix(static_cast<size_t>(written));
    }
    return true;
}

/// Whether a path leads to what an open descriptor leads to.
bool is_same(const struct stat& found, int descriptor) {
    struct stat opened {};
    return fstat(descriptor, &opened) == 0 && opened.st_dev == found.st_dev && opened.st_ino == found.st_ino;
}

/// What is written straight into, opened; -1 for a file that can be replaced, or does not exist yet.
int open_straight(const fs::path& path) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return -1;
    int descriptor = -1;
    if (is_same(found, STDOUT_FILENO)) {  // /dev/stdout: where that stands, not at the file's beginning
        std::fflush(stdout);
        descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    } else if (is_same(found, STDERR_FILENO)) {
        descriptor = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    } else if (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode)) {
        return -1;
    } else {
        descriptor = open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
    }
    if (descriptor < 0) fail_to_write(path);
    return descriptor;
}

/// NAME.tmp-DIGITS-DIGITS
bool is_temporary_name(const std::string& name) {
    const size_t mark = name.rfind(temporary_mark);
    if (mark == std::string::npos) return false;
    const std::string_view numbers = std::string_view(name).substr(mark + temporary_mark.size());
    const size_t dash = numbers.find('-');
    return dash != std::string_view::npos && dash > 0 && dash + 1 < numbers.size() &&
           numbers.find_first_not_of("0123456789-") == std::string_view::npos &&
           numbers.find('-', dash + 1) == std::string_view::npos;
}

/// Closes a descriptor and removes the temporary file unless told that all went well. The file is locked, so
/// that one which nobody writes any more can be told.
class TemporaryFile {
public:
    explicit TemporaryFile(const fs::path& target) {
        // Unique among processes and among the threads of this one, and in the target's folder: a rename is
        // atomic only within one file system.
        static std::atomic<int> counter{0};
        while (descriptor_ < 0) {
            path_ = fmt::format("{}{}{}-{}", target.string(), temporary_mark, getpid(), counter++);
            const LockedFile file = open_locked(path_, O_WRONLY | O_CREAT | O_EXCL);
            descriptor_ = file.descriptor;
            // One of an earlier process of this number, or one just taken for abandoned: the next name.
            if (file.state == LockedFile::State::not_opened && errno != EEXIST) fail_to_write(target);
        }
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (descriptor_ >= 0) close(descriptor_);
        if (!kept_) unlink(path_.c_str());
    }

    bool write(std::string_view piece) { return write_all(descriptor_, piece); }

    bool finish(const fs::path& target) {
        if (fsync(descriptor_) != 0) return false;
        // Renamed while it is locked: a moment later it would pass for abandoned.
        kept_ = std::rename(path_.c_str(), target.c_str()) == 0;
        return kept_ && close(std::exchange(descriptor_, -1)) == 0;
    }

private:
    std::string path_;
    int descriptor_ = -1;
    bool kept_ = false;
};

void write_straight(int descriptor, const fs::path& path, std::span<const std::string_view> pieces) {
    bool all = true;
    for (const auto piece : pieces) all = all && write_all(descriptor, piece);
    const int failure = all ? 0 : errno;
    if (close(descriptor) != 0 || !all) {
        if (failure != 0) errno = failure;
        fail_to_write(path);
    }
}

}  // namespace

std::string read_file(const fs::path& path, uint64_t limit) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) fail_request("{}: no such file", path.string());
    if (!fs::is_regular_file(status))
        fail_request("{}: expected a file, found a folder or device", path.string());
    const uint64_t size = fs::file_size(path, error);
    std::ifstream stream(path, std::ios::binary);
    if (error || !stream) fail_request("{}: cannot read: {}", path.string(), reason());
    if (size > limit) fail_request("{}: expected at most {} bytes, found {}", path.string(), limit, size);
    std::string contents(size, '\0');
    stream.read(contents.data(), static_cast<std::streamsize>(size));
    if (static_cast<uint64_t>(stream.gcount()) != size)
        fail_request("{}: byte {}: expected {} bytes, found the end", path.string(), stream.gcount(), size);
    return contents;
}

fs::path follow_links(fs::path path) {
    constexpr int most = 40;  // as the system's own
    for (int links = 0; links <= most; ++links) {
        std::error_code error;
        const auto status = fs::symlink_status(path, error);
        if (!fs::is_symlink(status)) return path;
        const fs::path target = fs::read_symlink(path, error);
        if (error) fail_run("{}: cannot write: {}", path.string(), error.message());
        path = path.parent_path() / target;  // an absolute target replaces all
    }
    errno = ELOOP;
    fail_to_write(path);
}

void write_file_atomically(const fs::path& path, std::span<const std::string_view> pieces) {
    const int straight = open_straight(path);
    if (straight >= 0) return write_straight(straight, path, pieces);
    const fs::path target = follow_links(path);
    TemporaryFile file(target);
    for (const auto piece : pieces)
        if (!file.write(piece)) fail_to_write(path);
    if (!file.finish(target)) fail_to_write(path);
    // The new name outlives a power cut only once its folder is on the disk too. Not all file systems can do
    // that, and the file is complete in any case, so a failure here is none of the caller's business.
    const int descriptor = open(folder_of(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
}

void write_file_atomically(const fs::path& path, std::string_view contents) {
    write_file_atomically(path, std::span<const std::string_view>(&contents, 1));
}

void require_writable(const fs::path& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!path.has_filename() || fs::is_directory(status))
        fail_request("{}: cannot write: expected the path of a file, found a folder", path.string());
    if (fs::is_socket(status))
        fail_request("{}: cannot write: expected a file, found a socket", path.string());
    if (fs::exists(status) && !fs::is_regular_file(status)) {  // written straight into
        if (access(path.c_str(), W_OK) != 0) fail_request("{}: cannot write: {}", path.string(), reason());
        return;
    }
    const fs::path folder = folder_of(follow_links(path));
    if (!fs::is_directory(folder, error))
        fail_request("{}: cannot write: no such folder as {}", path.string(), folder.string());
    if (access(folder.c_str(), W_OK | X_OK) != 0)
        fail_request("{}: cannot write: {}: {}", path.string(), folder.string(), reason());
}

void remove_abandoned_files(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        if (!is_temporary_name(entry->path().filename().string()) || !entry->is_regular_file(ignored))
            continue;
        const LockedFile file = open_locked(entry->path(), O_WRONLY | O_NOFOLLOW);
        if (file.state == LockedFile::State::ours) unlink(entry->path().c_str());  // else a writer is at work
        if (file.descriptor >= 0) close(file.descriptor);
    }
}

}  // namespace ravine
