#include "ravine/lab/run/run_folder.hpp"

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

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

bool holds_run(const RunFolder& folder) {
    std::error_code ignored;
    return fs::exists(folder.config(), ignored);
}

/// Refuses a folder in which something else would be lost.
void require_free(const RunFolder& f) {
    const std::string name = f.path.string();
    if (holds_run(f))
        fail_request("{}: holds a run already; choose another --out, or go on with it by --resume {}", name,
                     name);
    for (const char* part : {"study.json", ".study", "acet.json", "adaptive-rate.json", "trials"})
        if (is_there(f.path / part)) fail_request("{}: holds a study; choose another --out", name);
    for (const auto& path : {f.config(), f.data(), f.metrics(), f.summary(), f.model(), f.best(), f.raw(),
                             f.checkpoint(), f.curriculum(), f.curves(), f.boundary(), f.reconstructions(),
                             f.boundary_csv(), f.points_csv(), f.report()})
        if (is_there(path))
            fail_request("{}: is there already, and of no run (no config.toml); choose another --out",
                         path.string());
}

}  // namespace

SavedWeights parse_saved_weights(const std::string& text) {
    if (text == "result") return SavedWeights::result;
    if (text == "best") return SavedWeights::best;
    if (text == "last") return SavedWeights::last;
    fail_request("--weights: expected result, best or last, found '{}'", text);
}

std::filesystem::path RunFolder::model(SavedWeights weights) const {
    if (weights == SavedWeights::best) return best();
    return weights == SavedWeights::last && is_there(raw()) ? raw() : model();
}

RunFolder RunFolder::create(const std::string& wanted, const std::string& name) {
    if (wanted.empty()) {
        RunFolder folder{create_numbered(name)};
        folder.lock = FolderLock(folder.path);
        return folder;
    }
    RunFolder folder{wanted};
    require_free(folder);
    std::error_code error;
    fs::create_directories(folder.path, error);
    if (error) fail(folder.path, error);
    if (!fs::is_directory(folder.path, error) || access(folder.path.c_str(), W_OK | X_OK) != 0)
        fail_request("cannot write into the output folder {}", wanted);
    folder.lock = FolderLock(folder.path);
    require_free(folder);  // another may have begun, and ended, a moment ago
    return folder;
}

RunFolder RunFolder::open(const std::string& path) {
    RunFolder folder{path};
    if (!holds_run(folder)) fail_request("{}: no run here (no config.toml)", path);
    return folder;
}

RunFolder RunFolder::reopen(const std::string& path) {
    RunFolder folder = open(path);
    folder.lock = FolderLock(folder.path);
    return folder;
}

fs::path RunFolder::saved_model(SavedWeights weights) const {
    const bool has_ended = is_there(model());
    if (weights == SavedWeights::best && has_ended && !is_there(best()))
        fail_request("{}: no such file: no epoch of the run was evaluated on a validation part",
                     best().string());
    if (!has_ended)
        fail_request("{}: no such file: the run has not ended; `ravine train --resume {}` goes on with it",
                     model(weights).string(), path.string());
    return model(weights);
}

}  // namespace ravine
