#include "ravine/lab/look/data_report.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/data/download/locate.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "ravine/lab/names/text_table.hpp"

namespace ravine {
namespace {

std::vector<std::string> published_row(const PublishedSet& set, const std::string& data_dir) {
    const FoundSet found = find_set(set, data_dir);
    std::string files = fmt::format("`ravine data get {}`", set.name);
    if (!found.folder.empty())
        files = found.missing.empty() ? found.folder.string()
                                      : fmt::format("{}, a part only: {}", found.folder.string(), files);
    return {set.name, to_string(set.task), std::to_string(set.examples),
            fmt::format("{}", fmt::join(set.feature_shape, " x ")), files};
}

/// A made set, as its default settings make it, or one of the user's own images.
std::vector<std::string> own_row(const std::string& name) {
    if (name == "image-folder") return {name, "classification", "-", "-", "your own: image-folder:path=DIR"};
    const Parts parts = load_parts({.dataset = name});
    return {name, to_string(parts.training.task),
            std::to_string(parts.training.size() + parts.validation.size() + parts.test.size()),
            fmt::format("{}", fmt::join(parts.training.feature_shape, " x ")), "made on the fly"};
}

}  // namespace

std::string data_list_text(const std::string& data_dir) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& entry : datasets().entries())
        if (find_published_set(entry.name) == nullptr) rows.push_back(own_row(entry.name));
    for (const auto& set : published_sets()) rows.push_back(published_row(set, data_dir));
    return text_table({"name", "task", "examples", "shape", "files"}, rows);
}

CheckedSet check_set(const PublishedSet& set, const std::string& data_dir) {
    CheckedSet checked{set.name, check_files(set, data_dir), FileState::ok, ""};
    for (const auto& file : checked.files) checked.state = std::max(checked.state, file.state);
    const auto is_missing = [](const CheckedFile& file) { return file.state == FileState::missing; };
    if (std::ranges::any_of(checked.files, is_missing)) return checked;
    try {
        const Parts parts = load_parts({.dataset = set.name, .data_dir = data_dir});
        checked.loaded = fmt::format("{} training, {} validation and {} test examples", parts.training.size(),
                                     parts.validation.size(), parts.test.size());
    } catch (const Error& error) {
        checked.state = FileState::differs;
        checked.loaded = fmt::format("cannot be loaded: {}", error.what());
    }
    return checked;
}

std::vector<CheckedSet> check_sets(const std::vector<std::string>& names, const std::string& data_dir) {
    std::vector<const PublishedSet*> sets;
    for (const auto& name : names) sets.push_back(&published_set(name));
    if (names.empty())
        for (const auto& set : published_sets())
            if (!find_set(set, data_dir).folder.empty()) sets.push_back(&set);
    if (sets.empty()) {
        std::vector<std::string> folders;
        for (const auto& folder : data_folders(data_dir)) folders.push_back(folder.string());
        fail_run("no files of published data sets were found; looked in {}", fmt::join(folders, ", "));
    }
    std::vector<CheckedSet> checked;
    for (const auto* set : sets) checked.push_back(check_set(*set, data_dir));
    return checked;
}

std::string checked_text(const CheckedSet& set) {
    std::string text = set.name + "\n";
    for (const auto& file : set.files) text += fmt::format("  {:<8} {}\n", to_string(file.state), file.about);
    if (!set.loaded.empty()) text += fmt::format("  {:<8} {}\n", "loading", set.loaded);
    return text;
}

void require_ok(const std::vector<CheckedSet>& sets) {
    std::vector<std::string> missing, different;
    for (const auto& set : sets) {
        if (set.state == FileState::missing) missing.push_back(set.name);
        if (set.state == FileState::differs) different.push_back(set.name);
    }
    if (!different.empty())
        fail_request("files differ from the published ones: {}", fmt::join(different, ", "));
    if (!missing.empty())
        fail_run("files are missing: {0} (`ravine data get {1}`)", fmt::join(missing, ", "),
                 fmt::join(missing, " "));
}

}  // namespace ravine
