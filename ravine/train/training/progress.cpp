#include "ravine/train/training/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "ravine/core/text/duration.hpp"

namespace ravine {

Progress::Progress(std::FILE* out, int64_t epochs)
    : out_(out),
      terminal_(isatty(fileno(out)) != 0),
      epochs_(epochs),
      accuracy_(std::numeric_limits<double>::quiet_NaN()) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
    if (drawn_) std::fputs("\r\x1b[K", out_);
    drawn_ = false;
    std::fflush(out_);
}

void Progress::on_progress(const StepEvent& event, int64_t total_steps) {
    draw(fmt::format("epoch {}/{}", event.epoch, epochs_), run_, event, total_steps);
}

void Progress::on_first_model_progress(const StepEvent& event, int64_t total_steps) {
    draw("first model", first_model_, event, total_steps);
    if (event.step == total_steps) clear();
}

void Progress::draw(const std::string& what, Course& course, const StepEvent& event, int64_t total_steps) {
    if (!terminal_) return;
    if (course.first_step < 0)
        course = {
            .first_step = event.step - 1, .first_seconds = event.seconds, .smoothed_loss = event.train_loss};
    if (event.outcome != BatchOutcome::gated) course.rate = event.learning_rate;
    course.smoothed_loss += 0.05 * (event.train_loss - course.smoothed_loss);
    const auto now = std::chrono::steady_clock::now();
    if (now - last_drawn_ < std::chrono::milliseconds(100)) return;
    last_drawn_ = now;
    constexpr size_t width = 24;
    const double pace =
        (event.seconds - course.first_seconds) / static_cast<double>(event.step - course.first_step);
    std::string line = "\r" + what;
    if (total_steps > 0) {
        const double share = static_cast<double>(event.step) / static_cast<double>(total_steps);
        const auto filled = static_cast<size_t>(share * double{width});
        line += fmt::format(" [{}{}] {:3.0f} %", std::string(filled, '='), std::string(width - filled, ' '),
                            100 * share);
    } else {
        line += fmt::format("  batch {}", event.step);
    }
    line += fmt::format("  loss {:.4f}", course.smoothed_loss);
    if (std::isfinite(accuracy_)) line += fmt::format("  validation {:.2f} %", 100 * accuracy_);
    line += fmt::format("  rate {:.3g}", course.rate);
    if (total_steps > 0)
        line += fmt::format("  {} left", duration_text(pace * static_cast<double>(total_steps - event.step)));
    std::fputs((line + "\x1b[K").c_str(), out_);
    std::fflush(out_);
    drawn_ = true;
}

void Progress::on_evaluation(const EvaluationEvent& event) {
    accuracy_ = event.validation.accuracy;
    clear();
    std::string line = fmt::format("epoch {:3}/{}  update {:6}  training loss {:.4f}", event.epoch, epochs_,
                                   event.step, event.train_loss);
    if (!std::isnan(event.validation.loss))
        line += fmt::format("  validation loss {:.4f}", event.validation.loss);
    if (std::isfinite(accuracy_)) line += fmt::format("  accuracy {:.2f} %", 100 * accuracy_);
    if (event.t != 1) line += fmt::format("  t {:.3g}", event.t);
    if (event.gated > 0) line += fmt::format("  {} gated", event.gated);
    std::fputs((line + fmt::format("  {}\n", duration_text(event.seconds))).c_str(), out_);
    std::fflush(out_);
}

}  // namespace ravine
