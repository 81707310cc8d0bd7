#include "ravine/lab/look/download_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "ravine/core/files/console.hpp"
#include "ravine/core/text/duration.hpp"
#include "ravine/core/text/printable.hpp"

namespace ravine {
namespace {

using std::chrono::steady_clock;

}  // namespace

std::string bytes_text(double bytes) {
    constexpr std::array units{"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; bytes >= 999.5 && unit + 1 < units.size(); ++unit) bytes /= 1000;
    return fmt::format("{:.{}f} {}", bytes, unit > 0 && bytes < 99.95 ? 1 : 0, units[unit]);
}

DownloadProgress::DownloadProgress(std::FILE* out) : out_(out), terminal_(isatty(fileno(out)) != 0) {}

DownloadProgress::~DownloadProgress() { clear(); }

double DownloadProgress::seconds() const {
    return std::max(1e-9, std::chrono::duration<double>(steady_clock::now() - start_).count());
}

void DownloadProgress::clear() {
    if (drawn_) std::fputs("\r\x1b[K", out_);
    drawn_ = false;
    std::fflush(out_);
}

void DownloadProgress::say(const std::string& line) {
    clear();
    tell(out_, "{}\n", printable(line));  // a server may have written part of it
    std::fflush(out_);
}

void DownloadProgress::on_start(const std::string& file, const std::string& address, uint64_t present,
                                uint64_t size) {
    file_ = file;
    first_ = present_ = present;
    size_ = size;
    start_ = last_ = steady_clock::now();
    say(fmt::format(
        "{} from {}: {}{}", file, address, bytes_text(static_cast<double>(size)),
        present == 0 ? "" : fmt::format(", {} are here", bytes_text(static_cast<double>(present)))));
}

void DownloadProgress::on_progress(uint64_t present) {
    if (present < present_) {  // from the beginning again
        first_ = 0;
        start_ = steady_clock::now();
    }
    present_ = present;
    const auto now = steady_clock::now();
    if (now - last_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10'000)))
        return;
    last_ = now;
    const double share = static_cast<double>(present) / static_cast<double>(std::max<uint64_t>(1, size_));
    const double rate = static_cast<double>(present - first_) / seconds();
    const std::string left =
        rate > 0 ? duration_text(static_cast<double>(size_ - present) / rate) + " left" : "";
    const std::string numbers =
        fmt::format("{:3.0f} %  {} of {}  {}/s  {}", 100 * share, bytes_text(static_cast<double>(present)),
                    bytes_text(static_cast<double>(size_)), bytes_text(rate), left);
    if (!terminal_) return say(fmt::format("{}: {}", file_, numbers));
    constexpr size_t width = 24;
    const auto filled = std::min(width, static_cast<size_t>(share * width));
    tell(out_, "\r{} [{}{}] {}\x1b[K", file_, std::string(filled, '='), std::string(width - filled, ' '),
         numbers);
    drawn_ = true;
}

void DownloadProgress::on_done(const std::filesystem::path& file) {
    say(fmt::format("{}: verified, {} in {}", file.string(),
                    bytes_text(static_cast<double>(present_ - first_)), duration_text(seconds())));
}

void DownloadProgress::on_note(const std::string& note) { say(note); }

}  // namespace ravine
