#include "ravine/core/threads.hpp"

#include <omp.h>
#include <sched.h>

#include <cmath>
#include <vector>

#include "ravine/core/processor_quota.hpp"
#include "ravine/core/waiting.hpp"

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

struct RegionCall {
    void (*body)(void*, int);
    void* context;
#ifdef __SANITIZE_THREAD__
    std::atomic<int> begins{0}, ends{0};
#endif
};

// The thread sanitizer does not see how libgomp, which is not built for it, hands work to its threads and
// waits for them. It sees these.
#ifdef __SANITIZE_THREAD__
void show_begin(RegionCall& call) { call.begins.store(1, std::memory_order_release); }
void do_share(RegionCall& call, int thread) {
    call.begins.load(std::memory_order_acquire);
    call.body(call.context, thread);
    call.ends.fetch_add(1, std::memory_order_acq_rel);
}
void show_end(RegionCall& call) { call.ends.load(std::memory_order_acquire); }
#else
void show_begin(RegionCall&) {}
void do_share(RegionCall& call, int thread) { call.body(call.context, thread); }
void show_end(RegionCall&) {}
#endif

// Not looked at by the thread sanitizer: how a thread of the region finds `call`.
__attribute__((no_sanitize("thread"))) void run_region(int threads, RegionCall& call) {
#pragma omp parallel num_threads(threads)
    do_share(call, omp_get_thread_num());
}

}  // namespace

int available_threads() {
    static const double quota = processor_quota();
    const double processors_of_time = std::min(std::ceil(quota), 1e6);
    return std::max(1, std::min(processors(), static_cast<int>(processors_of_time)));
}

void run_on_threads(int threads, void (*body)(void* context, int thread), void* context) {
    bound_waiting();
    RegionCall call{body, context};
    show_begin(call);
    run_region(threads, call);
    show_end(call);
}

}  // namespace ravine
