#pragma once

#include <filesystem>
#include <optional>

#include "ravine/lab/study/trial.hpp"

namespace ravine {

/// The finished trials of a study, a file each, found again by what was run: a study that was interrupted, or
/// that gets more seeds or contenders, goes on where it was. Several threads may use it at once.
class TrialStore {
public:
    /// `folder` need not exist; it is made when the first trial is saved.
    explicit TrialStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Throws RequestError for a damaged file.
    std::optional<TrialRecord> find(const Experiment& experiment) const;
    void save(const TrialRecord& record) const;

    /// The name of a trial: a digest of all settings that decide its course.
    static std::string name_of(const Experiment& experiment);

private:
    std::filesystem::path file_of(const Experiment& experiment) const;

    std::filesystem::path folder_;
};

}  // namespace ravine
