#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "ravine/core/files/console.hpp"

namespace ravine::cli {

/// The share of some work that is done: drawn over itself on a terminal; nothing in a log, where the
/// command's own lines follow soon.
class Bar {
public:
    explicit Bar(std::string what) : what_(std::move(what)) {}
    Bar(const Bar&) = delete;
    Bar& operator=(const Bar&) = delete;
    ~Bar() {
        if (percent_ >= 0) tell(stderr, "\r\x1b[K");
    }

    void operator()(double share) {
        if (!terminal_ || static_cast<int>(100 * share) == percent_) return;
        percent_ = static_cast<int>(100 * share);
        tell(stderr, "\r{} {:3} %\x1b[K", what_, percent_);
    }

private:
    std::string what_;
    bool terminal_ = isatty(STDERR_FILENO) != 0;
    int percent_ = -1;
};

}  // namespace ravine::cli
