#include "ravine/lab/study/trial_store.hpp"

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/data/files/digest.hpp"

namespace ravine {

namespace {

/// The settings, without those that came after trials had been made and that change nothing here.
std::string without_later_settings(const Experiment& experiment) {
    std::string text = experiment_to_toml(experiment);
    if (experiment.then != "none") return text;
    for (const std::string name : {"then", "hand_over"}) {
        const size_t begin = text.find("\n" + name + " = ");
        text.erase(begin, text.find('\n', begin + 1) - begin);
    }
    return text;
}

}  // namespace

std::string TrialStore::name_of(const Experiment& experiment, const std::string& data) {
    Experiment decisive = experiment;
    decisive.data_dir.clear();  // where the files lie, not what is in them
    const std::string text =
        fmt::format("{}numbers = {}\n{}", without_later_settings(decisive), numbers_version, data);
    Sha256 digest;
    digest.update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    return digest.finish().substr(0, 16);
}

std::filesystem::path TrialStore::file_of(const Experiment& experiment) const {
    return folder_ / (name_of(experiment, data_) + ".json");
}

std::optional<TrialRecord> TrialStore::find(const Experiment& experiment) const {
    const auto path = file_of(experiment);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return {};
    return trial_from_json(read_file(path), path.string());
}

void TrialStore::save(const TrialRecord& record) const {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) fail_run("cannot create {}: {}", folder_.string(), error.message());
    write_file_atomically(file_of(record.experiment), trial_to_json(record) + "\n");
}

}  // namespace ravine
