#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>
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

/// The number of processors that this process may use: those of its affinity, but no more than its control
/// groups give it time for (processor_quota(), rounded up).
int available_threads();

/// Calls body(context, thread) once for each thread of 0 ... threads-1, 0 on the caller's thread, and waits
/// for all. The others are called on threads of the caller's WorkerTeam, or on the caller's where those have
/// not begun when it has come to its end. Within such a call all are called on the caller's thread.
void run_on_threads(int threads, void (*body)(void* context, int thread), void* context);

/// The same for body(thread), which must not throw.
template <class Body>
void on_threads(int threads, Body&& body) {
    using Function = std::remove_reference_t<Body>;
    run_on_threads(
        threads, [](void* context, int thread) { (*static_cast<Function*>(context))(thread); },
        std::addressof(body));
}

/// What is left of a thread's share of a loop: the thread takes from its front, others from its back.
class alignas(64) WorkShare {
public:
    void set(int64_t begin, int64_t end) { left_ = pack(begin, end); }
    /// The next i, or -1 where none is left.
    int64_t take_first() {
        return take([](int64_t begin, int64_t end) { return std::array{begin, begin + 1, end}; });
    }
    int64_t take_last() {
        return take([](int64_t begin, int64_t end) { return std::array{end - 1, begin, end - 1}; });
    }

private:
    static uint64_t pack(int64_t begin, int64_t end) {
        return static_cast<uint64_t>(begin) << 32 | static_cast<uint64_t>(end);
    }
    template <class Choose>
    int64_t take(Choose choose) {
        const std::atomic_ref shared(left_);
        uint64_t left = shared.load(std::memory_order_relaxed);
        while (true) {
            const auto begin = static_cast<int64_t>(left >> 32),
                       end = static_cast<int64_t>(left & 0xffffffff);
            if (begin == end) return -1;
            const auto [taken, new_begin, new_end] = choose(begin, end);
            if (shared.compare_exchange_weak(left, pack(new_begin, new_end), std::memory_order_relaxed))
                return taken;
        }
    }
    uint64_t left_;  // not initialised: there is room for many threads
};

/// Work stealing (Blumofe and Leiserson 1999): calls body(thread, i) once for each i of 0 ... count-1 < 2^32
/// on `threads` threads, 128 at most. Each begins with its share, in order, the same every time, so that it
/// finds in its cache what it left there; one that is ready takes from the end of another's: the processors
/// of a shared machine are not equally fast. With one thread, or one i, the caller's thread does all.
template <class Body>
void stealing_work(int threads, int64_t count, Body&& body) {
    if (threads <= 1 || count <= 1) {
        for (int64_t i = 0; i < count; ++i) body(0, i);
        return;
    }
    constexpr int most = 128;
    std::array<WorkShare, most> turns;
    threads = std::min(threads, most);
    for (int i = 0; i < threads; ++i)
        turns[static_cast<size_t>(i)].set(count * i / threads, count * (i + 1) / threads);
    const bool caller_flushes = FlushSubnormals::here();
    on_threads(threads, [&](int thread) {
        const FlushSubnormals flush(caller_flushes);
        for (int other = 0; other < threads; ++other) {
            auto& from = turns[static_cast<size_t>((thread + other) % threads)];
            const auto take = [&] { return other == 0 ? from.take_first() : from.take_last(); };
            for (int64_t i = take(); i >= 0; i = take()) body(thread, i);
        }
    });
}

/// In how many parts threads that steal work share `count` items: one for each thread, or several of at least
/// `grain` items, so that one that is slow can leave some to another; as many for each.
inline int64_t stealing_parts(int threads, int64_t count, int64_t grain) {
    constexpr int64_t most = 8;  // for a thread
    return threads * std::clamp<int64_t>(count / threads / std::max<int64_t>(grain, 1), 1, most);
}

/// Calls body(begin, end) on `threads` threads for contiguous parts of 0 ... count-1, the same parts every
/// time, which are stolen: several for each, some perhaps empty. With one thread, or when count is not larger
/// than `grain`, the caller's thread does all of it as one.
template <class Body>
void parallel(int threads, int64_t count, int64_t grain, Body&& body) {
    if (threads <= 1 || count <= grain) {
        body(int64_t{0}, count);
        return;
    }
    const int64_t parts = stealing_parts(threads, count, grain);
    stealing_work(threads, parts, [&](int, int64_t i) { body(count * i / parts, count * (i + 1) / parts); });
}

}  // namespace ravine
