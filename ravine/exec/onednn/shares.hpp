#pragma once

#include <cstdint>

#include "ravine/core/threads.hpp"

namespace ravine {

/// Calls body(thread, begin, end) on `threads` threads, with each one's share of `count` items: for what has
/// memory of its own for each thread, however few the items are.
template <class Body>
void by_threads(int64_t threads, int64_t count, Body body) {
    parallel(static_cast<int>(threads), threads, 0, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) body(i, count * i / threads, count * (i + 1) / threads);
    });
}

}  // namespace ravine
