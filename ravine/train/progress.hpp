#pragma once

#include <chrono>
#include <cstdio>

#include "ravine/train/trainer.hpp"

namespace ravine {

/// Shows a run to a person: a bar that is drawn over itself on a terminal, a plain line an evaluation in a
/// log.
class Progress : public TrainListener {
public:
    /// On a terminal or not is decided by `out`.
    Progress(std::FILE* out, int64_t epochs);
    ~Progress() override;

    void on_progress(const StepEvent& event, int64_t total_steps) override;
    void on_evaluation(const EvaluationEvent& event) override;

private:
    void clear();

    std::FILE* out_;
    bool terminal_;
    int64_t epochs_;
    double smoothed_loss_ = 0;
    bool has_loss_ = false;
    int64_t first_step_ = 0;
    double first_seconds_ = 0;
    double accuracy_;
    double rate_ = 0;  ///< of the last update
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_drawn_{};
};

}  // namespace ravine
