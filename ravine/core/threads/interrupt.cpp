#include "ravine/core/threads/interrupt.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <mutex>

namespace ravine {
namespace {

std::atomic<bool> noted = false;
std::atomic<bool> was_asked = false;  // by SIGINT or SIGTERM
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait");

void note(int signal) {
    noted = true;
    // A terminal that closes may send SIGHUP twice, from its shell and from the system.
    if (signal == SIGHUP || !was_asked.exchange(true)) return;
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

/// What the guards share.
struct Guards {
    struct Replaced {
        int signal;
        bool is_replaced = false;
        struct sigaction before = {};
    };
    std::mutex mutex;
    int count = 0;
    std::array<Replaced, 3> signals{{{SIGINT}, {SIGTERM}, {SIGHUP}}};
};

Guards& guards() {
    static Guards all;
    return all;
}

bool is_ours(const struct sigaction& action) {
    return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == note;
}

}  // namespace

InterruptGuard::InterruptGuard() {
    const std::lock_guard lock(guards().mutex);
    if (guards().count++ > 0) return;
    noted = was_asked = false;
    for (auto& [signal, is_replaced, before] : guards().signals) {
        sigaction(signal, nullptr, &before);
        is_replaced = (before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_IGN;
        if (!is_replaced) continue;
        struct sigaction ours {};
        ours.sa_handler = note;
        ours.sa_flags = SA_RESTART;
        sigemptyset(&ours.sa_mask);
        sigaction(signal, &ours, nullptr);
    }
}

InterruptGuard::~InterruptGuard() {
    const std::lock_guard lock(guards().mutex);
    if (--guards().count > 0) return;
    for (const auto& [signal, is_replaced, before] : guards().signals) {
        struct sigaction now {};
        sigaction(signal, nullptr, &now);
        if (is_replaced && is_ours(now)) sigaction(signal, &before, nullptr);  // else someone else's by now
    }
}

bool interrupted() { return noted.load(std::memory_order_relaxed); }

void interrupt() { noted = true; }

void forget_interrupt() { noted = was_asked = false; }

}  // namespace ravine
