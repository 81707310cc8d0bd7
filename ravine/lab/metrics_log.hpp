#pragma once

#include <cstdio>
#include <filesystem>

#include "ravine/train/trainer.hpp"

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

private:
    void write(const std::string& line);

    std::filesystem::path path_;
    std::FILE* file_ = nullptr;
};

/// What metrics.jsonl says of a run.
struct Metrics {
    std::vector<StepEvent> steps;
    std::vector<EvaluationEvent> evaluations;
};

/// Reads metrics.jsonl. Throws RequestError with the line that is no metric.
Metrics read_metrics(const std::filesystem::path& path);

}  // namespace ravine
