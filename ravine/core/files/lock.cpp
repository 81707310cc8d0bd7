#include "ravine/core/files/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

bool is_still_named(int descriptor, const fs::path& path) {
    struct stat opened {
    }, named{};
    return fstat(descriptor, &opened) == 0 && lstat(path.c_str(), &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// "process 1234", as a lock file says it; empty where it says nothing of the kind.
std::string holder_of(const fs::path& path) {
    char text[32];
    const int descriptor = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const ssize_t length = descriptor < 0 ? 0 : read(descriptor, text, sizeof text);
    if (descriptor >= 0) close(descriptor);
    std::string digits;
    for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
    return digits.empty() ? "" : " (process " + digits + ")";
}

}  // namespace

LockedFile open_locked(const fs::path& path, int flags) {
    while (true) {
        const int descriptor = open(path.c_str(), flags | O_CLOEXEC, 0666);
        if (descriptor < 0) return {LockedFile::State::not_opened};
        if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK) return {LockedFile::State::unknown, descriptor};
            close(descriptor);
            return {LockedFile::State::held};
        }
        if (is_still_named(descriptor, path)) return {LockedFile::State::ours, descriptor};
        close(descriptor);
    }
}

struct FolderLock::Held {
    fs::path path;
    int descriptor;

    explicit Held(const fs::path& folder) : path(folder / ".lock") {
        const LockedFile file = open_locked(path, O_RDWR | O_CREAT | O_NOFOLLOW);
        if (file.state == LockedFile::State::held)
            fail_run("{}: another process{} is at work in this folder", folder.string(), holder_of(path));
        if (file.descriptor < 0) fail_run("{}: cannot write: {}", path.string(), std::strerror(errno));
        descriptor = file.descriptor;
        const std::string holder = std::to_string(getpid()) + "\n";
        // Who holds it is a courtesy: the lock itself stands.
        if (ftruncate(descriptor, 0) != 0 || write(descriptor, holder.data(), holder.size()) < 0) return;
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() {
        unlink(path.c_str());
        close(descriptor);
    }
};

FolderLock::FolderLock(const fs::path& folder) : held_(std::make_shared<const Held>(folder)) {
    remove_abandoned_files(folder);
}

}  // namespace ravine
