#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "ravine/data/download/download.hpp"

namespace ravine {

/// Shows a download to a person: a bar with bytes, rate and time left on a terminal; in a log a line where a
/// file begins and ends, and every ten seconds between.
class DownloadProgress : public DownloadListener {
public:
    /// On a terminal or not is decided by `out`.
    explicit DownloadProgress(std::FILE* out);
    ~DownloadProgress() override;

    void on_start(const std::string& file, const std::string& address, uint64_t present,
                  uint64_t size) override;
    void on_progress(uint64_t present) override;
    void on_done(const std::filesystem::path& file) override;
    void on_note(const std::string& note) override;

private:
    void clear();
    void say(const std::string& line);
    double seconds() const;

    std::FILE* out_;
    bool terminal_;
    bool drawn_ = false;
    std::string file_;
    uint64_t first_ = 0, present_ = 0, size_ = 0;
    std::chrono::steady_clock::time_point start_{}, last_{};
};

/// "512 B", "9.9 MB", "1.2 GB": bytes for people, in powers of 1000.
std::string bytes_text(double bytes);

}  // namespace ravine
