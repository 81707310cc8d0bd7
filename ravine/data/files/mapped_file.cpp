#include "ravine/data/files/mapped_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ravine/core/error.hpp"

namespace ravine {

MappedFile::MappedFile(int descriptor, const char* what) {
    struct stat status {};
    const bool is_file = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    const auto size = static_cast<size_t>(status.st_size);
    void* address = MAP_FAILED;
    if (is_file && size > 0) address = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
    const int error = errno;
    close(descriptor);  // the mapping stays
    if (!is_file) fail_request("{}: expected a file, found a folder or device", what);
    if (size == 0) return;
    if (address == MAP_FAILED) fail_request("{}: cannot map: {}", what, std::strerror(error));
    bytes_ = {static_cast<const uint8_t*>(address), size};
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace ravine
