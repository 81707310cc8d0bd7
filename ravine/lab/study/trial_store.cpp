#include "ravine/lab/study/trial_store.hpp"

#include <openssl/sha.h>

#include "ravine/core/error.hpp"
#include "ravine/core/file.hpp"

namespace ravine {

std::string TrialStore::name_of(const Experiment& experiment) {
    Experiment decisive = experiment;
    decisive.data_dir.clear();  // where the files lie, not what is in them
    const std::string text = experiment_to_toml(decisive);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    std::string name;
    for (int i = 0; i < 8; ++i) name += fmt::format("{:02x}", digest[i]);
    return name;
}

std::filesystem::path TrialStore::file_of(const Experiment& experiment) const {
    return folder_ / (name_of(experiment) + ".json");
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
