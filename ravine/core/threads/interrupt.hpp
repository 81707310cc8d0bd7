#pragma once

namespace ravine {

/// While it lives, Ctrl-C (SIGINT), SIGTERM and SIGHUP are noted instead of ending the process, so that long
/// work can stop cleanly between two steps. A second SIGINT or SIGTERM ends the process at once. A signal
/// that was ignored before stays ignored: nohup, and a shell's background, mean it. The end of the last guard
/// restores the handlers that stood before the first.
class InterruptGuard {
public:
    /// The first guard forgets what was noted before; one within another does not.
    InterruptGuard();
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// Whether a signal was noted since the first of the present guards began. From any thread.
bool interrupted();

/// Notes an interruption as a signal does, and forgets one; for tests.
void interrupt();
void forget_interrupt();

}  // namespace ravine
