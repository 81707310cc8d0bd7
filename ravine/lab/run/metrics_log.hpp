#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "ravine/train/training/trainer.hpp"

namespace ravine {

/// Writes metrics.jsonl: a line a logged update and a line an evaluation, at full precision.
class MetricsLog : public TrainListener {
public:
    /// Begins a new file, or goes on with one where `state` stands after some updates: what an earlier run
    /// wrote beyond its checkpoint is cut off.
    MetricsLog(const std::filesystem::path& path, const TrainState& state);
    ~MetricsLog() override;
    MetricsLog(const MetricsLog&) = delete;
    MetricsLog& operator=(const MetricsLog&) = delete;

    void on_step(const StepEvent& event) override;
    void on_evaluation(const EvaluationEvent& event) override;

    /// Lines in the file.
    int64_t lines() const { return lines_; }
    /// Waits until all that was written is on the disk.
    void sync();

private:
    void write(std::string line);

    std::filesystem::path path_;
    int descriptor_ = -1;
    int64_t lines_ = 0;
};

/// How many lines a run that stands at `state` had written, as far as the file holds them.
int64_t metrics_lines(const std::filesystem::path& path, const TrainState& state);

/// What metrics.jsonl says of a run.
struct Metrics {
    std::vector<StepEvent> steps;
    std::vector<EvaluationEvent> evaluations;
};

/// Reads metrics.jsonl. Throws RequestError with the line that is no metric.
Metrics read_metrics(const std::filesystem::path& path);

}  // namespace ravine
