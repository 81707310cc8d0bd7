#include "ravine/core/threads/waiting.hpp"

#include <omp.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ravine {
namespace {

constexpr auto spin_count = "GOMP_SPINCOUNT";

/// A team of OpenMP that never ends. Its threads take no signals, which are for the program's own.
void start_sleepers() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread([] {
#pragma omp parallel num_threads(omp_get_num_procs())
            while (true) pause();
        }).detach();
    } catch (const std::system_error&) {  // no more threads: what waits spins
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// How often libgomp's loop looks in a time: it rests between two looks on x86, and does not elsewhere. The
/// fastest of several measurements, for others may have been interrupted.
int64_t looks_in(std::chrono::nanoseconds time) {
    using Clock = std::chrono::steady_clock;
    constexpr int looks = 500;
    const std::atomic<int> flag = 0;
    auto fastest = Clock::duration::max();
    for (int i = 0; i < 5; ++i) {
        const auto start = Clock::now();
        for (int look = 0; look < looks && flag.load(std::memory_order_relaxed) == 0; ++look) {
#if defined(__x86_64__)
            _mm_pause();
#else
            std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
        }
        fastest = std::min(fastest, Clock::now() - start);
    }
    return std::max<int64_t>(1, looks * time / std::max(fastest, Clock::duration(1)));
}

bool runs_in_valgrind() {
    const char* preloaded = std::getenv("LD_PRELOAD");
    return preloaded && std::string_view(preloaded).find("vgpreload") != std::string_view::npos;
}

/// By its path, which names the process; by the link where the file has been replaced since.
void start_again(char** arguments) {
    constexpr auto link = "/proc/self/exe";
    std::string path(PATH_MAX, '\0');
    const ssize_t length = readlink(link, path.data(), path.size());
    if (length > 0 && static_cast<size_t>(length) < path.size()) {
        path.resize(static_cast<size_t>(length));
        execv(path.c_str(), arguments);
    }
    execv(link, arguments);
}

}  // namespace

bool waiting_is_set() { return std::getenv("OMP_WAIT_POLICY") || std::getenv(spin_count); }

void bound_waiting() {
    [[maybe_unused]] static const bool begun = [] {
        if (!waiting_is_set()) start_sleepers();
        return true;
    }();
}

void restart_with_bounded_waiting(char** arguments) {
    if (waiting_is_set() || omp_get_num_procs() < 2 || runs_in_valgrind()) return;
    const std::string count = std::to_string(looks_in(std::chrono::microseconds(spin_microseconds)));
    if (setenv(spin_count, count.c_str(), 1) != 0) return;
    start_again(arguments);
    unsetenv(spin_count);
}

}  // namespace ravine
