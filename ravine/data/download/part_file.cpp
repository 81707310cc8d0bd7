#include "ravine/data/download/part_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/files/lock.hpp"

namespace ravine {
PartFile::PartFile(const std::filesystem::path& target)
    : target_(follow_links(target)), path_(target_.string() + ".part") {
    const LockedFile file = open_locked(path_, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
    if (file.state == LockedFile::State::held)
        fail_run("{}: another process is downloading it", path_.string());
    if (file.descriptor < 0) fail();
    descriptor_ = file.descriptor;
    const off_t end = lseek(descriptor_, 0, SEEK_END);
    size_ = end > 0 ? static_cast<uint64_t>(end) : 0;
}

PartFile::~PartFile() {
    if (descriptor_ < 0) return;
    if (size_ == 0) unlink(path_.c_str());
    close(descriptor_);
}

void PartFile::fail() const { fail_run("{}: cannot write: {}", path_.string(), std::strerror(errno)); }

void PartFile::restart() {
    if (ftruncate(descriptor_, 0) != 0) fail();
    size_ = 0;
}

void PartFile::append(std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail();
        size_ += static_cast<uint64_t>(written);
        bytes = bytes.subspan(static_cast<size_t>(written));
    }
}

void PartFile::publish() {
    if (fsync(descriptor_) != 0 || std::rename(path_.c_str(), target_.c_str()) != 0) fail();
    close(descriptor_);
    descriptor_ = -1;
}

}  // namespace ravine
