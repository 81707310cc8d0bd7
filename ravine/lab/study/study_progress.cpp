#include "ravine/lab/study/study_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <string>

#include "ravine/core/files/console.hpp"
#include "ravine/core/text/duration.hpp"

namespace ravine {
namespace {

/// "accuracy 97.50 %" or "loss 0.123": what a trial came to.
std::string outcome_text(const TrialRecord& record) {
    if (record.diverged()) return "diverged at " + record.failure;
    if (std::isfinite(record.validation.accuracy))
        return fmt::format("validation accuracy {:.2f} %", 100 * record.validation.accuracy);
    if (std::isfinite(record.validation.loss))
        return fmt::format("validation loss {:.4g}", record.validation.loss);
    return fmt::format("training loss {:.4g}", record.train_loss);
}

}  // namespace

StudyProgress::StudyProgress(std::FILE* out) : out_(out), terminal_(isatty(fileno(out)) != 0) {}

void StudyProgress::clear() {
    if (drawn_) std::fputs("\r\x1b[K", out_);
    drawn_ = false;
    std::fflush(out_);
}

void StudyProgress::on_begin(size_t tasks, size_t found) {
    tasks_ = tasks;
    found_ = finished_ = found;
    start_ = Clock::now();
    if (found > 0) tell(out_, "{} of {} trials are there already\n", found, tasks);
}

void StudyProgress::on_progress(double trials) {
    const auto now = Clock::now();
    if (!terminal_ || now - last_drawn_ < std::chrono::milliseconds(100)) return;
    last_drawn_ = now;
    constexpr int width = 24;
    const double share = trials / static_cast<double>(tasks_);
    const int filled = static_cast<int>(share * width);
    const double made = trials - static_cast<double>(found_);
    const double left = std::chrono::duration<double>(now - start_).count() / std::max(made, 1e-9) *
                        (static_cast<double>(tasks_) - trials);
    tell(out_, "\rtrial {}/{} [{}{}] {:3.0f} %  {} left\x1b[K", finished_ + 1, tasks_,
         std::string(static_cast<size_t>(filled), '='), std::string(static_cast<size_t>(width - filled), ' '),
         100 * share, duration_text(left));
    drawn_ = true;
}

void StudyProgress::on_finish(const TrialTask& task, const TrialRecord& record) {
    ++finished_;
    clear();
    tell(out_, "{:>{}}/{}  {}: {}  {}\n", finished_, std::to_string(tasks_).size(), tasks_, task.label,
         outcome_text(record),
         record.seconds < 10 ? fmt::format("{:.2f} s", record.seconds) : duration_text(record.seconds));
}

}  // namespace ravine
