#include "ravine/data/download/download.hpp"

#include "ravine/core/error.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/data/download/locate.hpp"
#include "ravine/data/download/part_file.hpp"
#include "ravine/data/files/digest.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

/// Hands the bytes of an answer to the part.
class IntoPart : public FetchSink {
public:
    IntoPart(PartFile& part, DownloadListener& listener) : part_(part), listener_(listener) {}

    void begin(uint64_t offset) override {
        if (offset == part_.size()) return;
        part_.restart();
        listener_.on_note("the server cannot send the rest alone: from the beginning again");
    }
    void write(std::span<const uint8_t> bytes) override {
        part_.append(bytes);
        listener_.on_progress(part_.size());
    }

private:
    PartFile& part_;
    DownloadListener& listener_;
};

/// Reads what the part lacks, and verifies the whole. A part that cannot be trusted is emptied.
FetchOutcome attempt(const KnownFile& file, const std::string& address, PartFile& part,
                     const FetchLimits& limits, DownloadListener& listener) {
    listener.on_start(file.name, public_address(address), part.size(), file.size);
    IntoPart sink(part, listener);
    FetchOutcome outcome;
    if (part.size() < file.size)
        outcome =
            fetch({.address = address, .size = file.size, .offset = part.size(), .limits = limits}, sink);
    if (outcome.end == FetchEnd::complete) {
        const std::string digest = sha256_of_file(part.path());
        if (digest != file.sha256)
            outcome = {FetchEnd::misled,
                       fmt::format("expected a file with SHA-256 {}, found {}", file.sha256, digest)};
    }
    if (outcome.end == FetchEnd::misled) part.restart();
    return outcome;
}

/// Whether the address gave the file. A part from an earlier attempt may be what is wrong, so that a failure
/// after going on with it is followed by one attempt from the beginning.
FetchEnd download_from(const KnownFile& file, const std::string& address, PartFile& part,
                       const FetchLimits& limits, DownloadListener& listener) {
    const bool goes_on = part.size() > 0;
    FetchOutcome outcome = attempt(file, address, part, limits, listener);
    if (outcome.end == FetchEnd::misled && goes_on) {
        listener.on_note(fmt::format("{}: {}; the part that was here is discarded, from the beginning again",
                                     public_address(address), outcome.reason));
        outcome = attempt(file, address, part, limits, listener);
    }
    if (outcome.end == FetchEnd::failed || outcome.end == FetchEnd::misled)
        listener.on_note(fmt::format("{}: {}", public_address(address), outcome.reason));
    return outcome.end;
}

std::vector<std::string> mirrors_of(const PublishedSet& set, const std::string& from) {
    if (from.empty()) return set.mirrors;
    require_web_address("--from", from);
    const std::string base = from.ends_with('/') ? from : from + "/";
    return {base, base + set.name + "/"};
}

/// Whether the published file is there. One that differs is said, since it is about to be replaced.
bool is_here(const KnownFile& file, const fs::path& target, DownloadListener& listener) {
    std::error_code error;
    if (!fs::exists(target, error)) return false;
    if (!fs::is_regular_file(target, error))
        fail_run("{}: expected a file, found a folder or device", target.string());
    if (fs::file_size(target, error) == file.size && sha256_of_file(target) == file.sha256) return true;
    listener.on_note(fmt::format("{}: differs from the published file, which replaces it", target.string()));
    return false;
}

void download_file(const PublishedSet& set, const KnownFile& file, const fs::path& target,
                   const DownloadOptions& options, DownloadListener& listener) {
    if (is_here(file, target, listener)) return listener.on_note(target.string() + ": already here");
    PartFile part(target);
    if (part.size() > file.size) {
        listener.on_note(fmt::format("{}: expected at most {} bytes, found {}; it is discarded",
                                     part.path().string(), file.size, part.size()));
        part.restart();
    }
    const auto mirrors = mirrors_of(set, options.from);
    for (const auto& mirror : mirrors) {
        const FetchEnd end = download_from(file, mirror + file.name, part, options.limits, listener);
        if (end == FetchEnd::interrupted)
            fail_run("interrupted; `ravine data get {}` goes on where it stopped", set.name);
        if (end != FetchEnd::complete) continue;
        part.publish();
        return listener.on_done(target);
    }
    fail_run("{}: {} could not be downloaded from {}", set.name, file.name,
             mirrors.size() == 1 ? "its address" : fmt::format("any of {} addresses", mirrors.size()));
}

fs::path folder_for(const PublishedSet& set, const std::string& data_dir) {
    const auto folders = data_folders(data_dir);
    if (folders.empty()) fail_run("no folder for data sets: name one with --data-dir");
    const fs::path folder = folders.front() / set.name;
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) fail_run("{}: cannot make the folder: {}", folder.string(), error.message());
    return folder;
}

/// Removes the folder at the end where nothing has come into it.
struct RemoveIfEmpty {
    fs::path folder;

    ~RemoveIfEmpty() {
        std::error_code ignored;
        fs::remove(folder, ignored);  // only an empty one
    }
};

}  // namespace

fs::path download_set(const PublishedSet& set, const DownloadOptions& options, DownloadListener& listener) {
    if (!options.from.empty()) require_web_address("--from", options.from);
    const InterruptGuard guard;
    const RemoveIfEmpty folder{folder_for(set, options.data_dir)};
    for (const auto& file : set.files)
        download_file(set, file.file, folder.folder / file.file.name, options, listener);
    return folder.folder;
}

}  // namespace ravine
