#include "ravine/lab/run_folder.hpp"

#include <unistd.h>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

fs::path first_free(const std::string& name) {
    for (int n = 1;; ++n) {
        const fs::path path = fs::path("runs") / fmt::format("{}-{}", name, n);
        if (!fs::exists(path)) return path;
    }
}

}  // namespace

RunFolder RunFolder::create(const std::string& wanted, const std::string& name) {
    const RunFolder folder{wanted.empty() ? first_free(name) : fs::path(wanted)};
    if (fs::exists(folder.config()))
        fail_request("{}: holds a run already; choose another --out, or go on with it by --resume {}", wanted,
                     wanted);
    std::error_code error;
    fs::create_directories(folder.path, error);
    if (error) fail_request("cannot create the output folder {}: {}", folder.path.string(), error.message());
    if (access(folder.path.c_str(), W_OK | X_OK) != 0 || !fs::is_directory(folder.path))
        fail_request("cannot write into the output folder {}", folder.path.string());
    return folder;
}

RunFolder RunFolder::open(const std::string& path) {
    RunFolder folder{path};
    if (!fs::exists(folder.config())) fail_request("{}: no run here (no config.toml)", path);
    return folder;
}

}  // namespace ravine
