#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "ravine/train/training/trainer.hpp"

namespace ravine {

/// Shows a run to a person: a bar that is drawn over itself on a terminal, a plain line an evaluation in a
/// log.
class Progress : public TrainListener {
public:
    /// On a terminal or not is decided by `out`.
    Progress(std::FILE* out, int64_t epochs);
    ~Progress() override;

    void on_progress(const StepEvent& event, int64_t total_steps) override;
    void on_first_model_progress(const StepEvent& event, int64_t total_steps) override;
    void on_evaluation(const EvaluationEvent& event) override;

private:
    /// What a bar has seen of its updates.
    struct Course {
        int64_t first_step = -1;  ///< that before the first update seen; -1 until there is one
        double first_seconds = 0;
        double smoothed_loss = 0;
        double rate = 0;  ///< of the last update
    };

    void draw(const std::string& what, Course& course, const StepEvent& event, int64_t total_steps);
    void clear();

    std::FILE* out_;
    bool terminal_;
    int64_t epochs_;
    Course run_, first_model_;
    double accuracy_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_drawn_{};
};

}  // namespace ravine
