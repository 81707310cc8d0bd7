#include "ravine/data/download/locate.hpp"

#include <array>
#include <cstdlib>
#include <optional>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 4> idx_names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                                  "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

/// The four files in `folder`, an empty path for each that is not there.
std::array<fs::path, 4> find_idx_files(const fs::path& folder) {
    std::array<fs::path, 4> found;
    std::error_code ignored;
    for (size_t i = 0; i < found.size(); ++i)
        for (const char* ending : {"", ".gz"}) {
            const fs::path path = folder / (std::string(idx_names[i]) + ending);
            if (found[i].empty() && fs::is_regular_file(path, ignored)) found[i] = path;
        }
    return found;
}

/// "a, b" of the files that are missing; empty where all are there, nothing where none is.
std::optional<std::string> missing_files(const std::array<fs::path, 4>& files) {
    std::string missing;
    bool any = false;
    for (size_t i = 0; i < files.size(); ++i) {
        any |= !files[i].empty();
        if (files[i].empty()) missing += (missing.empty() ? "" : ", ") + std::string(idx_names[i]) + "[.gz]";
    }
    return any ? std::optional(missing) : std::nullopt;
}

/// MNIST and Fashion-MNIST have files of the same names: a folder called after one is not taken for the
/// other.
bool belongs_to_another(const fs::path& folder, const std::string& name) {
    const fs::path plain = (folder / "").lexically_normal().parent_path();
    return plain.filename() != name && (plain.filename() == "mnist" || plain.filename() == "fashion-mnist");
}

}  // namespace

std::vector<fs::path> data_folders(const std::string& data_dir) {
    std::vector<fs::path> folders;
    if (!data_dir.empty()) folders.emplace_back(data_dir);
    if (const auto path = environment("RAVINE_DATA"); !path.empty()) folders.emplace_back(path);
    // An XDG path that is not absolute is to be ignored (XDG Base Directory Specification 0.8).
    if (const fs::path cache = environment("XDG_CACHE_HOME"); cache.is_absolute())
        folders.push_back(cache / "ravine");
    else if (const auto home = environment("HOME"); !home.empty())
        folders.push_back(fs::path(home) / ".cache" / "ravine");
    return folders;
}

std::vector<fs::path> set_folders(const std::string& name, const std::string& data_dir) {
    std::vector<fs::path> folders;
    for (const auto& folder : data_folders(data_dir))
        for (const auto& place : {folder / name, folder})
            if (!belongs_to_another(place, name)) folders.push_back(place);
    return folders;
}

void fail_not_found(const std::string& name, const std::string& data_dir) {
    std::string looked;
    for (const auto& folder : data_folders(data_dir))
        looked += (looked.empty() ? "" : ", ") + (folder / name).string();
    fail_run(
        "data set '{0}' was not found; looked in {1}; `ravine data get {0}` downloads it; where it is "
        "already "
        "here, name its folder with --data-dir or RAVINE_DATA",
        name, looked.empty() ? "no folder" : looked);
}

IdxFiles locate_idx_set(const std::string& name, const std::string& data_dir) {
    for (const auto& place : set_folders(name, data_dir)) {
        const auto files = find_idx_files(place);
        const auto missing = missing_files(files);
        if (missing && !missing->empty())
            fail_run("{0}: found only a part of data set '{1}'; missing: {2} (`ravine data get {1}`)",
                     place.string(), name, *missing);
        if (missing) return {files[0], files[1], files[2], files[3]};
    }
    fail_not_found(name, data_dir);
}

bool holds_idx_files(const fs::path& folder) { return missing_files(find_idx_files(folder)).has_value(); }

IdxFiles locate_idx_files(const fs::path& folder) {
    const auto files = find_idx_files(folder);
    const auto missing = missing_files(files);
    if (!missing)
        fail_request("{}: expected a folder with {}, {}, {} and {}, plain or as .gz, found none of them",
                     folder.string(), idx_names[0], idx_names[1], idx_names[2], idx_names[3]);
    if (!missing->empty()) fail_request("{}: missing: {}", folder.string(), *missing);
    return {files[0], files[1], files[2], files[3]};
}

}  // namespace ravine
