#include "ravine/core/threads.hpp"

#include <sched.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ravine {
namespace {

[[maybe_unused]] constexpr unsigned flush_to_zero = 0x8000, subnormals_are_zero = 0x0040;

}  // namespace

FlushSubnormals::FlushSubnormals(bool active) : active_(active) {
#if defined(__x86_64__)
    if (active_) {
        saved_ = _mm_getcsr();
        _mm_setcsr(saved_ | flush_to_zero | subnormals_are_zero);
    }
#endif
}

bool FlushSubnormals::here() {
#if defined(__x86_64__)
    return _mm_getcsr() & flush_to_zero;
#else
    return false;
#endif
}

FlushSubnormals::~FlushSubnormals() {
#if defined(__x86_64__)
    if (active_) _mm_setcsr(saved_);
#endif
}

int available_threads() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

}  // namespace ravine
