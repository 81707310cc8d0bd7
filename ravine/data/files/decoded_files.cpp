#include "ravine/data/files/decoded_files.hpp"

#include <map>
#include <mutex>
#include <tuple>

namespace ravine {
namespace {

namespace fs = std::filesystem;

/// A file as it was when it was decoded.
using Key = std::tuple<std::string, std::string, fs::file_time_type>;

struct Kept {
    std::mutex mutex;
    int keepers = 0;
    std::map<Key, std::shared_ptr<const void>> contents;
};

Kept& kept() {
    static Kept all;
    return all;
}

}  // namespace

DecodedFiles::DecodedFiles() {
    const std::lock_guard lock(kept().mutex);
    ++kept().keepers;
}

DecodedFiles::~DecodedFiles() {
    const std::lock_guard lock(kept().mutex);
    if (--kept().keepers == 0) kept().contents.clear();
}

std::shared_ptr<const void> DecodedFiles::find_or_make(
    const fs::path& path, const std::string& purpose,
    const std::function<std::shared_ptr<const void>()>& make) {
    const std::lock_guard lock(kept().mutex);
    if (kept().keepers == 0) return make();
    std::error_code ignored;
    const Key key{fs::absolute(path, ignored).string(), purpose, fs::last_write_time(path, ignored)};
    auto& contents = kept().contents[key];
    if (!contents) contents = make();
    return contents;
}

}  // namespace ravine
