#pragma once

#include <filesystem>
#include <optional>

#include "ravine/lab/study/trial.hpp"

namespace ravine {

/// Which numbers this program makes: raised by every change after which a trial of the same settings ends
/// with others. It is part of what a trial and a study are found by, so that none are put beside those of
/// another version.
///   2  epoch losses weighed by examples; the ends of schedules; batch normalisation of a last batch of one
///   3  the rate is part of the rules' graphs: Adam, NAdam, delta-bar-delta and decoupled decay round
///   otherwise;
///      products in double go by blocks
///   4  work is counted in operations (Work::equivalents): a backward pass no longer counts as two forward
///      passes, and a first model's work is known
constexpr int64_t numbers_version = 4;

/// The finished trials of a study, a file each, found again by what was run, on which data: a study that was
/// interrupted, or that gets more seeds, goes on where it was. Several threads may use it at once.
class TrialStore {
public:
    /// `folder` need not exist; it is made when the first trial is saved. `data` is a digest of the data.
    TrialStore(std::filesystem::path folder, std::string data)
        : folder_(std::move(folder)), data_(std::move(data)) {}

    /// Throws RequestError for a damaged file.
    std::optional<TrialRecord> find(const Experiment& experiment) const;
    void save(const TrialRecord& record) const;

    /// The name of a trial: a digest of all settings that decide its course, of its data, and of the version
    /// of the numbers.
    static std::string name_of(const Experiment& experiment, const std::string& data = "");

private:
    std::filesystem::path file_of(const Experiment& experiment) const;

    std::filesystem::path folder_;
    std::string data_;
};

}  // namespace ravine
