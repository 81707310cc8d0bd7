#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ravine/core/settings/settings.hpp"
#include "ravine/data/files/decoded_files.hpp"
#include "ravine/lab/study/contender.hpp"
#include "ravine/lab/study/metric.hpp"
#include "ravine/lab/study/trial_pool.hpp"

namespace ravine {

/// Of seeds, of the values that are tried and of the seeds of tuning: more are a slip.
constexpr Range up_to_thousand{1, 1000};

/// How contenders are compared: the flags of `ravine compare` beside those of an experiment.
struct StudyOptions {
    int64_t seeds = 5;
    std::string tune = {};  ///< a setting of the experiment or of the optimizer; empty: none
    enum class Search { grid, random, line };
    Search search = Search::grid;    ///< how the values are chosen
    int64_t budget = 9;              ///< values tried for each contender
    std::string range = "0.0001:1";  ///< of the values, from the smallest to the largest
    std::string values = {};         ///< the values themselves, instead of range and budget
    int64_t tuning_seeds = 2;        ///< trials of each value
    std::string metric = {};  ///< empty: accuracy (classes, labels) or loss (values) on the validation part
    std::string reach = "auto";  ///< "auto", "none" or a value of the metric
    std::string reference = {};  ///< a contender's label; empty: the first
    int64_t jobs = 0;            ///< trials at once; 0: as many as there are processors for them
};

/// The options' names, as flags and in files.
const std::vector<Field<StudyOptions>>& study_fields();

/// What is to be found out.
struct StudyPlan {
    std::string kind = "compare", title = {}, command = {};
    std::vector<Contender> contenders = {};
    StudyOptions options = {};
};

/// A trial that was made to choose a value of the tuned setting.
struct TuningTrial {
    size_t contender;
    std::string value;
    TrialRecord record;
    double score;  ///< the metric after the last epoch
};

/// What was found out, as far as the study got.
struct StudyResult {
    StudyPlan plan;
    Task task = Task::classification;
    std::vector<int64_t> feature_shape = {};
    Metric metric = {};
    /// Values of the tuned setting, empty without tuning: all of them; of a line search those that it begins
    /// with, and in the end all that any contender was tried with.
    std::vector<std::string> grid = {};
    std::vector<TuningTrial> tuning = {};
    std::vector<std::string> tuned = {};  ///< the value chosen for each contender; empty without tuning
    std::vector<std::vector<TrialRecord>> trials = {};  ///< of each contender, by seed
    size_t missing = 0;                                 ///< trials that an interruption left out
    std::optional<double> reach = {};                   ///< the value of the metric whose price is asked
    size_t reference = 0;                               ///< the contender that the others are compared with
    std::vector<std::string> notes = {};                ///< what a reader should know
    /// The data of the first seed, where all contenders that did not diverge have maps on them; else null.
    std::shared_ptr<const Parts> pictured = {};

    /// The seeds that are fresh: none of them was seen in tuning.
    std::vector<int64_t> seeds() const;
};

/// A plan that was checked: every name, every value, and that each contender compiles.
class Study {
public:
    /// Loads the data of the first seed. Throws RequestError before any training.
    explicit Study(StudyPlan plan);

    const StudyPlan& plan() const { return plan_; }
    /// A name for what is compared, the same for the same plan and data with any number of seeds and jobs.
    std::string digest() const { return digest_of_first(plan_.contenders.size()); }
    /// The same for its first contenders alone: the name of a study to which others may be added.
    std::string digest_of_first(size_t contenders) const;

    /// Runs what the folder `trials` does not hold yet. At each seed all contenders have the same initial
    /// weights (where their models agree), split and batches. Tuning runs on seeds of its own.
    StudyResult run(const std::filesystem::path& trials, PoolListener& listener);

private:
    Experiment with_value(Experiment experiment, const std::string& value) const;
    std::shared_ptr<const Parts> pictured_parts(const StudyResult& result);
    void check_search() const;
    void tune(const TrialStore& store, PoolListener& listener, StudyResult& result);

    StudyPlan plan_;
    StudyResult blank_;
    int jobs_ = 1;
    DataCache data_;
    std::string data_digest_;  // of what the contenders train on at the first seed
    DecodedFiles decoded_;     // the seeds differ in how the same files are split
};

}  // namespace ravine
