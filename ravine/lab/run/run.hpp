#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ravine/lab/experiment/training_options.hpp"
#include "ravine/lab/run/run_folder.hpp"
#include "ravine/train/checkpoint/checkpoint.hpp"
#include "ravine/train/curriculum/first_model.hpp"
#include "ravine/train/training/trainer.hpp"

namespace ravine {

/// What to tell a person while a run is prepared.
using Say = std::function<void(const std::string&)>;

/// How a run ended.
struct RunResult {
    TrainOutcome outcome;
    Scores test;       ///< NaN where there is no test part
    double test_rmse;  ///< numbers to predict: in the units of the data; NaN otherwise
};

/// An experiment made ready to run: data loaded and split, network built, weights initialised.
class Run {
public:
    /// Loads the data, checks every name and value, and compiles. Throws before anything is written.
    Run(Experiment experiment, const Say& say);
    /// The same with the parts that the experiment's data_request() loads, which several runs may share.
    Run(Experiment experiment, std::shared_ptr<const Parts> parts);
    Run(const Run&) = delete;  // the trainer refers to members
    Run& operator=(const Run&) = delete;

    const Experiment& experiment() const { return experiment_; }
    const Training& training() const { return *training_; }
    const Parts& parts() const { return training_->parts(); }
    const Network& network() const { return training_->network(); }
    /// Those that are trained.
    const Parameters& parameters() const { return training_->parameters(); }
    const Vector& buffers() const { return training_->buffers(); }
    /// What the run results in as it stands: what is evaluated, saved and looked at.
    Trainer::Weights result() const { return training_->result(); }
    /// What its last evaluation saw: the average where one is kept, or parameters() and buffers().
    Trainer::Weights evaluated() const { return training_->trainer().evaluated(); }
    CompileOptions compile_options() const { return train_options().compile; }
    const TrainOptions& train_options() const { return training_->options().train; }
    const TrainState& state() const { return training_->state(); }
    int64_t updates() const { return training_->optimizer().steps(); }
    /// What a learned rate has come to; none without one.
    std::optional<LearnedRate> learned_rate() const { return training_->optimizer().learned_rate(); }
    /// After how many updates --then took over; none where it did not.
    std::optional<int64_t> handed_over() const { return training_->optimizer().handed_over(); }
    /// How often the rate policy had to do what it counts, since the run began.
    std::vector<RateCount> rate_counts() const { return training_->optimizer().rate_counts(); }
    /// What the first model of a curriculum found; none before training, and without a curriculum.
    const std::optional<FirstModel>& first_model() const { return first_model_; }
    /// Bytes by what needs them, and the program of a step: what `-v` prints.
    std::string memory_plan();
    /// What a person should know before the run: settings that work against each other.
    std::vector<std::string> notes() const;

    /// Goes on from where the run in `folder` stopped; one that was killed before its first checkpoint begins
    /// again. notes() say so, and where metrics.jsonl ends before the checkpoint. Throws RequestError where
    /// the checkpoint is damaged or of another model, or missing although the run ended.
    void resume(const RunFolder& folder);
    /// Trains; looks at the test part once, at the end.
    RunResult train(const std::vector<TrainListener*>& listeners);
    /// The same, writing to the folder as it goes, and stopping cleanly at Ctrl-C. A checkpoint is written
    /// where the run stops, and after the update in hand whenever the last one is `save_every` seconds old
    /// (0: after every update), or ten times as old as it took to write where that is longer. A
    /// run that had come to its end is evaluated, and nothing of it changes.
    RunResult train(const RunFolder& folder, std::vector<TrainListener*> listeners, double save_every = 20);

private:
    void prepare(TrainingOptions options, std::shared_ptr<const Parts> parts);
    /// Follows the curriculum, if there is one: by what an earlier part of the run found, or else by a first
    /// model that is trained now. False where that diverged.
    bool follow_curriculum(const std::vector<TrainListener*>& listeners);
    /// Whether the folder holds the results of a run that came to its end where this one stands.
    bool has_ended(const RunFolder& folder) const;
    void load_weights(const std::string& path);
    /// All that has a state besides the training itself.
    SavedState saved_state();
    void write_models(const RunFolder& folder);
    void write_results(const RunFolder& folder, const RunResult& result);

    Experiment experiment_;
    std::unique_ptr<Training> training_;
    Curriculum curriculum_;
    std::optional<FirstModel> first_model_;
    int64_t metrics_lines_ = 0;  // when the checkpoint was written
    std::vector<std::string> resume_notes_;
};

}  // namespace ravine
