#include "fuzz/targets.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "fuzz/scratch.hpp"
#include "ravine/core/error.hpp"

namespace ravine::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr Target all[] = {
    {"acet", feed_acet},
    {"archive", feed_archive},
    {"checkpoint", feed_checkpoint},
    {"checkpoint-state", feed_checkpoint_state},
    {"config", feed_config},
    {"csv", feed_csv},
    {"curriculum", feed_curriculum},
    {"description", feed_description},
    {"idx", feed_idx},
    {"image", feed_image},
    {"metrics", feed_metrics},
    {"model", feed_model},
    {"model-metadata", feed_model_metadata},
    {"npy", feed_npy},
    {"npz", feed_npz},
    {"safetensors", feed_safetensors},
    {"spec", feed_spec},
    {"study", feed_study},
    {"study-file", feed_study_file},
    {"summary", feed_summary},
    {"trial", feed_trial},
    {"whitespace-table", feed_whitespace_table},
};

struct Folder {
    fs::path path;
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "ravine-fuzz-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
};

}  // namespace

std::span<const Target> targets() { return all; }

const Target& find_target(std::string_view name) {
    const auto* found = std::ranges::find(all, name, &Target::name);
    if (found == std::end(all)) throw std::out_of_range("no fuzz target called " + std::string(name));
    return *found;
}

void feed(const Target& target, std::string_view bytes) {
    spdlog::set_level(spdlog::level::off);  // a thousand warnings a second are read by nobody
    try {
        target.run(bytes);
    } catch (const Error& error) {
        const std::string_view message = error.what();
        if (message.empty() || message.size() > 1000)
            throw std::logic_error("a message of " + std::to_string(message.size()) + " bytes");
        constexpr std::string_view theirs = "[json.exception";
        if (message.find(theirs) != std::string_view::npos && bytes.find(theirs) == std::string_view::npos)
            throw std::logic_error("a library's words: " + std::string(message));
    }
}

const fs::path& scratch() {
    static const Folder folder;
    return folder.path;
}

std::string put(const std::string& name, std::string_view bytes) {
    const auto path = scratch() / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
}

fs::path put_folder(const std::string& name,
                    std::initializer_list<std::pair<const char*, std::string_view>> files) {
    const auto folder = scratch() / name;
    fs::create_directories(folder);
    for (const auto& [file, bytes] : files) std::ofstream(folder / file, std::ios::binary) << bytes;
    return folder;
}

}  // namespace ravine::fuzz
