#pragma once

#include <cstdint>
#include <utility>

namespace ravine {

/// While it lives, subnormal floats of this thread are treated as zero in both directions (or, with `false`,
/// are not, whatever the thread did before): gradients of dead units would otherwise slow an update several
/// times. The threads of parallel() do as their caller does.
class FlushSubnormals {
public:
    explicit FlushSubnormals(bool active = true);
    /// Whether this thread flushes now.
    static bool here();
    ~FlushSubnormals();
    FlushSubnormals(const FlushSubnormals&) = delete;
    FlushSubnormals& operator=(const FlushSubnormals&) = delete;

private:
    unsigned saved_ = 0;  ///< the control word
};

/// The number of processors that this process may use.
int available_threads();

/// Calls body(begin, end) on `threads` threads over contiguous parts of 0 ... count-1, the same parts every
/// time. With one thread, or when count is small against `grain`, the caller's thread does all of it.
template <class Body>
void parallel(int threads, int64_t count, int64_t grain, Body&& body) {
    if (threads <= 1 || count <= grain) {
        body(int64_t{0}, count);
        return;
    }
    const bool caller_flushes = FlushSubnormals::here();
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int i = 0; i < threads; ++i) {
        const FlushSubnormals flush(caller_flushes);
        body(count * i / threads, count * (i + 1) / threads);
    }
}

}  // namespace ravine
