#pragma once

namespace ravine {

/// While it lives, Ctrl-C (SIGINT) and SIGTERM are noted instead of ending the process, so that long work can
/// stop cleanly between two steps. A second signal ends the process at once.
class InterruptGuard {
public:
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// Whether a signal was noted since the last guard began.
bool interrupted();

/// Notes an interruption as a signal does; for tests.
void interrupt();

}  // namespace ravine
