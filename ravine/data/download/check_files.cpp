#include "ravine/data/download/check_files.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/data/download/locate.hpp"
#include "ravine/data/download/packed_files.hpp"
#include "ravine/data/files/digest.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

/// The file as it was published, and archives of another compression in its place.
std::vector<fs::path> packed_forms(const PublishedFile& published, const fs::path& folder) {
    std::vector<fs::path> paths;
    const std::string& name = published.file.name;
    if (is_file(folder / name)) paths.push_back(folder / name);
    const size_t tar = name.find(".tar.");
    if (tar == std::string::npos) return paths;
    for (const char* ending : {".tar", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tgz"}) {
        const fs::path path = folder / (name.substr(0, tar) + ending);
        if (path != folder / name && is_file(path)) paths.push_back(path);
    }
    return paths;
}

/// An unpacked file, with its folder or without; empty where it is not there.
fs::path unpacked_form(const KnownFile& content, const fs::path& folder) {
    for (const auto& path : {folder / content.name, folder / fs::path(content.name).filename()})
        if (is_file(path)) return path;
    return {};
}

/// What differs: "expected 100 bytes, found 90"; empty where nothing does.
std::string difference(const KnownFile& expected, const KnownFile& found) {
    if (found.sha256.empty()) return "expected it, found nothing";
    if (found.size > expected.size) return fmt::format("expected {} bytes, found more", expected.size);
    if (found.size < expected.size)
        return fmt::format("expected {} bytes, found {}", expected.size, found.size);
    if (found.sha256 != expected.sha256)
        return fmt::format("expected SHA-256 {}, found {}", expected.sha256, found.sha256);
    return "";
}

/// Size and digest of a file; nothing is read of one of another size.
KnownFile measured(const fs::path& path, const KnownFile& expected) {
    const uint64_t size = fs::file_size(path);
    return {path.string(), size, size == expected.size ? sha256_of_file(path) : "not read"};
}

CheckedFile check_plain(const fs::path& path, const KnownFile& expected) {
    const std::string wrong = difference(expected, measured(path, expected));
    if (wrong.empty()) return {FileState::ok, path.string()};
    return {FileState::differs, fmt::format("{}: {}", path.string(), wrong)};
}

std::vector<CheckedFile> check_packed(const fs::path& path, const PublishedFile& published) {
    CheckedFile whole = check_plain(path, published.file);
    if (whole.state == FileState::ok || published.contents.empty()) return {whole};
    std::vector<CheckedFile> wrong;
    const auto found = packed_files(path, published.contents);
    for (size_t i = 0; i < found.size(); ++i)
        if (const auto text = difference(published.contents[i], found[i]); !text.empty())
            wrong.push_back(
                {FileState::differs, fmt::format("{}: {}: {}", path.string(), found[i].name, text)});
    if (!wrong.empty()) return wrong;
    return {{FileState::ok, path.string() + " (packed anew; the files in it are those published)"}};
}

/// All forms of a file in a folder; none where it is not there.
std::vector<CheckedFile> check_forms(const PublishedFile& published, const fs::path& folder) {
    std::vector<CheckedFile> checked;
    for (const auto& path : packed_forms(published, folder)) {
        try {
            std::ranges::copy(check_packed(path, published), std::back_inserter(checked));
        } catch (const RequestError& error) {  // damaged
            checked.push_back({FileState::differs, error.what()});
        }
    }
    const bool is_packed = !checked.empty();
    std::vector<CheckedFile> absent;
    bool any_unpacked = false;
    for (const auto& content : published.contents) {
        const fs::path path = unpacked_form(content, folder);
        any_unpacked |= !path.empty();
        if (!path.empty())
            checked.push_back(check_plain(path, content));
        else
            absent.push_back({FileState::missing, (folder / content.name).string()});
    }
    if (any_unpacked && !is_packed) std::ranges::copy(absent, std::back_inserter(checked));
    return checked;
}

bool is_here(const PublishedFile& file, const fs::path& folder) {
    return !packed_forms(file, folder).empty() ||
           std::ranges::any_of(file.contents, [&](const KnownFile& content) {
               return !unpacked_form(content, folder).empty();
           });
}

}  // namespace

std::string to_string(FileState state) {
    switch (state) {
        case FileState::ok:
            return "ok";
        case FileState::differs:
            return "differs";
        case FileState::missing:
            break;
    }
    return "missing";
}

FoundSet find_set(const PublishedSet& set, const std::string& data_dir) {
    for (const auto& folder : set_folders(set.name, data_dir)) {
        FoundSet found{.folder = folder};
        for (const auto& file : set.files)
            if (!is_here(file, folder)) found.missing.push_back(file.file.name);
        if (found.missing.size() < set.files.size()) return found;
    }
    return {};
}

std::vector<CheckedFile> check_files(const PublishedSet& set, const std::string& data_dir) {
    fs::path folder = find_set(set, data_dir).folder;
    const bool is_here = !folder.empty();
    if (const auto folders = data_folders(data_dir); !is_here && !folders.empty())
        folder = folders.front() / set.name;  // where it would be
    std::vector<CheckedFile> checked;
    for (const auto& file : set.files) {
        auto forms = is_here ? check_forms(file, folder) : std::vector<CheckedFile>{};
        if (forms.empty()) forms.push_back({FileState::missing, (folder / file.file.name).string()});
        std::ranges::move(forms, std::back_inserter(checked));
    }
    return checked;
}

}  // namespace ravine
