#include "ravine/core/interrupt.hpp"

#include <csignal>

namespace ravine {
namespace {

volatile std::sig_atomic_t noted = 0;

void note(int signal) {
    if (noted) {
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }
    noted = 1;
}

}  // namespace

InterruptGuard::InterruptGuard() {
    noted = 0;
    std::signal(SIGINT, note);
    std::signal(SIGTERM, note);
}

InterruptGuard::~InterruptGuard() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

bool interrupted() { return noted != 0; }

void interrupt() { noted = 1; }

}  // namespace ravine
