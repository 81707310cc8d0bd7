#include "ravine/core/threads.hpp"

#include <sched.h>

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

int available_threads() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

}  // namespace ravine
