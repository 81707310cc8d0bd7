#include "cli/streams.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "ravine/core/files/console.hpp"
#include "ravine/core/text/printable.hpp"

namespace ravine::cli {

void prepare_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(stream, F_GETFD) >= 0) continue;
        // The lowest free number is this one. Opened the wrong way round, so that using it fails.
        if (open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
    }
    std::signal(SIGPIPE, SIG_IGN);
}

int report(int status, const std::string& message) {
    tell(stderr, "ravine: {}\n", shortened(printable(message)));
    return status;
}

int report_lost_output(int error_number) {
    if (error_number == EPIPE) {
        std::signal(SIGPIPE, SIG_DFL);
        std::raise(SIGPIPE);
    }
    return report(1, fmt::format("standard output: cannot write{}{}", error_number == 0 ? "" : ": ",
                                 error_number == 0 ? "" : std::strerror(error_number)));
}

int finish_output(int status) {
    errno = 0;
    const bool is_lost = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
    if (!is_lost || status != 0) return status;
    if (errno == 0) {  // lost some time ago: what was the reason then still is one
        std::clearerr(stdout);
        if (std::fputc('\n', stdout) != EOF) std::fflush(stdout);
    }
    return report_lost_output(errno);
}

}  // namespace ravine::cli
