#pragma once

#include <chrono>
#include <cstdio>

#include "ravine/lab/study/trial_pool.hpp"

namespace ravine {

/// Shows the trials of a study to a person: a bar on a terminal, a plain line a trial in a log.
class StudyProgress : public PoolListener {
public:
    explicit StudyProgress(std::FILE* out);
    ~StudyProgress() override { clear(); }

    void on_begin(size_t tasks, size_t found) override;
    void on_progress(double trials) override;
    void on_finish(const TrialTask& task, const TrialRecord& record) override;
    void on_end() override { clear(); }

private:
    using Clock = std::chrono::steady_clock;

    void clear();

    std::FILE* out_;
    bool terminal_, drawn_ = false;
    size_t tasks_ = 0, found_ = 0, finished_ = 0;
    Clock::time_point start_{}, last_drawn_{};
};

}  // namespace ravine
