#include "ravine/core/threads/threads.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ravine/core/threads/processor_quota.hpp"
#include "ravine/core/threads/worker_team.hpp"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ravine {
#if defined(__x86_64__)

namespace {

constexpr unsigned flush_to_zero = 0x8000, subnormals_are_zero = 0x0040;

}  // namespace

// A new thread inherits the control word of the thread that makes it, so `false` has to clear the bits too.
FlushSubnormals::FlushSubnormals(bool active) : saved_(_mm_getcsr()) {
    const unsigned bits = flush_to_zero | subnormals_are_zero;
    _mm_setcsr(active ? saved_ | bits : saved_ & ~bits);
}

bool FlushSubnormals::here() { return _mm_getcsr() & flush_to_zero; }

FlushSubnormals::~FlushSubnormals() { _mm_setcsr(saved_); }

#else

FlushSubnormals::FlushSubnormals(bool) {}
bool FlushSubnormals::here() { return false; }
FlushSubnormals::~FlushSubnormals() = default;

#endif

namespace {

/// The processors of the affinity of this thread. The kernel refuses a set that is smaller than its own.
int processors() {
    constexpr size_t most = 1 << 20;
    for (size_t count = CPU_SETSIZE; count <= most; count *= 2) {
        std::vector<cpu_set_t> set(count / CPU_SETSIZE);
        const size_t size = set.size() * sizeof(cpu_set_t);
        if (sched_getaffinity(0, size, set.data()) == 0) return CPU_COUNT_S(size, set.data());
    }
    return 1;
}

}  // namespace

int available_threads() {
    static const double quota = processor_quota();
    const double processors_of_time = std::min(std::ceil(quota), 1e6);
    return std::max(1, std::min(processors(), static_cast<int>(processors_of_time)));
}

void run_on_threads(int threads, void (*body)(void* context, int thread), void* context) {
    if (threads <= 1 || WorkerTeam::is_inside()) {  // of loops within loops the outer one has the threads
        for (int thread = 0; thread < threads; ++thread) body(context, thread);
        return;
    }
    thread_local WorkerTeam team;
    team.run(threads, body, context);
}

}  // namespace ravine
