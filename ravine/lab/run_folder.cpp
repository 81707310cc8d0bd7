#include "ravine/lab/run_folder.hpp"

#include <unistd.h>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::error_code& error) {
    fail_request("cannot create the output folder {}: {}", path.string(), error.message());
}

/// Creates runs/NAME-N with the first free N; two runs that begin at once get two folders.
fs::path create_numbered(const std::string& name) {
    std::error_code error;
    fs::create_directories("runs", error);
    if (error) fail("runs", error);
    for (int n = 1;; ++n) {
        const fs::path path = fs::path("runs") / fmt::format("{}-{}", name, n);
        if (fs::create_directory(path, error)) return path;
        if (error && error != std::errc::file_exists && error != std::errc::not_a_directory)
            fail(path, error);
    }
}

bool holds_run(const RunFolder& folder) {
    std::error_code ignored;
    return fs::exists(folder.config(), ignored);
}

}  // namespace

RunFolder RunFolder::create(const std::string& wanted, const std::string& name) {
    if (wanted.empty()) return {create_numbered(name)};
    const RunFolder folder{wanted};
    if (holds_run(folder))
        fail_request("{}: holds a run already; choose another --out, or go on with it by --resume {}", wanted,
                     wanted);
    std::error_code error;
    fs::create_directories(folder.path, error);
    if (error) fail(folder.path, error);
    if (!fs::is_directory(folder.path, error) || access(folder.path.c_str(), W_OK | X_OK) != 0)
        fail_request("cannot write into the output folder {}", wanted);
    return folder;
}

RunFolder RunFolder::open(const std::string& path) {
    RunFolder folder{path};
    if (!holds_run(folder)) fail_request("{}: no run here (no config.toml)", path);
    return folder;
}

}  // namespace ravine
