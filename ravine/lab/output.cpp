#include "ravine/lab/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ravine/core/error.hpp"

namespace ravine {

void require_writable(const std::filesystem::path& path) {
    std::error_code error;
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (!path.has_filename() || std::filesystem::is_directory(path, error))
        fail_request("{}: cannot write: expected the path of a file, found a folder", path.string());
    if (!std::filesystem::is_directory(folder, error))
        fail_request("{}: cannot write: no such folder as {}", path.string(), folder.string());
    if (access(folder.c_str(), W_OK | X_OK) != 0)
        fail_request("{}: cannot write: {}: {}", path.string(), folder.string(), std::strerror(errno));
}

}  // namespace ravine
