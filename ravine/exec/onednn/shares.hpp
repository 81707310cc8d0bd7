#pragma once

#include <cstdint>

#include "ravine/core/threads.hpp"

namespace ravine {

/// Items [begin, end).
struct Range {
    int64_t begin, end;
};

/// A thread's share of `count` items.
inline Range share_of(int64_t count, int64_t thread, int64_t threads) {
    return {count * thread / threads, count * (thread + 1) / threads};
}

/// Calls body(thread) on `threads` threads: for what has memory of its own for each, however little there is
/// to do.
template <class Body>
void on_threads(int64_t threads, Body body) {
    parallel(static_cast<int>(threads), threads, 0, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) body(i);
    });
}

/// Calls body(thread, begin, end) on `threads` threads, with each one's share of `count` items.
template <class Body>
void by_threads(int64_t threads, int64_t count, Body body) {
    on_threads(threads, [&](int64_t thread) {
        const Range share = share_of(count, thread, threads);
        body(thread, share.begin, share.end);
    });
}

}  // namespace ravine
