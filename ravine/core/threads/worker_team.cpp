#include "ravine/core/threads/worker_team.hpp"

#include <pthread.h>
#include <sched.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <system_error>
#include <thread>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ravine {
namespace {

thread_local bool inside = false;

enum State : uint32_t { idle, posted, running, ending };

/// How long a thread of the team looks for work before it sleeps; OpenMP's variable decides where it is set.
/// It may be longer than for OpenMP's threads, since between its looks it lets others have the processor: so
/// it is there still after the work of one thread that stands between the loops of a small net's step.
std::chrono::microseconds idle_spin() {
    static constexpr std::chrono::microseconds usual(100);
    static const std::chrono::microseconds time = [] {
        const char* policy = std::getenv("OMP_WAIT_POLICY");
        if (policy && strcasecmp(policy, "passive") == 0) return std::chrono::microseconds(0);
        if (policy && strcasecmp(policy, "active") == 0) return std::chrono::microseconds(5'000);
        return usual;
    }();
    return time;
}

/// Some looks apart, of about a microsecond in all.
bool changes_soon(const std::atomic<uint32_t>& state, uint32_t from) {
    constexpr int looks = 32;
    for (int i = 0; i < looks; ++i) {
        if (state.load(std::memory_order_acquire) != from) return true;
#if defined(__x86_64__)
        _mm_pause();
#endif
    }
    return false;
}

/// Whether those who look let others have the processor between their looks.
enum class Between { keep, yield };

/// Returns when the state is no longer `from`.
void wait_while(const std::atomic<uint32_t>& state, uint32_t from, Between between) {
    const auto end = std::chrono::steady_clock::now() + idle_spin();
    do {
        if (changes_soon(state, from)) return;
        if (between == Between::yield) sched_yield();
    } while (std::chrono::steady_clock::now() < end);
    state.wait(from, std::memory_order_acquire);
}

}  // namespace

struct alignas(64) WorkerTeam::Worker {
    std::atomic<uint32_t> state{idle};
    void (*body)(void*, int) = nullptr;
    void* context = nullptr;
    int index = 0;
    std::thread thread;

    void work() {
        inside = true;
        while (true) {
            wait_while(state, idle, Between::yield);
            uint32_t found = posted;
            if (state.compare_exchange_strong(found, running, std::memory_order_acq_rel)) {
                body(context, index);
                change(idle);
            } else if (found == ending) {
                return;
            }
        }
    }

    void change(uint32_t to) {
        // In one order with the look at whether somebody sleeps: else both sides could miss each other.
        state.exchange(to, std::memory_order_seq_cst);
        state.notify_one();
    }
};

bool WorkerTeam::is_inside() { return inside; }

WorkerTeam::WorkerTeam() : process_(getpid()) {}

WorkerTeam::~WorkerTeam() {
    for (auto& worker : workers_) {
        if (getpid() != process_) {
            worker->thread.detach();
            static_cast<void>(worker.release());
            continue;
        }
        worker->change(ending);
        worker->thread.join();
    }
}

void WorkerTeam::grow(int helpers) {
    if (std::ssize(workers_) >= helpers || getpid() != process_) return;
    sigset_t all, before;  // signals are for the threads of the program
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        while (std::ssize(workers_) < helpers) {
            auto worker = std::make_unique<Worker>();
            worker->index = static_cast<int>(workers_.size()) + 1;
            worker->thread = std::thread([w = worker.get()] { w->work(); });
            workers_.push_back(std::move(worker));
        }
    } catch (const std::system_error&) {  // no more threads: the caller does their shares
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void WorkerTeam::run(int threads, void (*body)(void* context, int thread), void* context) {
    grow(threads - 1);
    inside = true;
    const auto helpers = std::min(static_cast<size_t>(threads - 1), workers_.size());
    for (size_t i = 0; i < helpers; ++i) {
        workers_[i]->body = body;
        workers_[i]->context = context;
        workers_[i]->change(posted);
    }
    body(context, 0);
    for (size_t i = 0; i < helpers; ++i) {
        uint32_t found = posted;
        if (workers_[i]->state.compare_exchange_strong(found, idle, std::memory_order_acq_rel))
            body(context, static_cast<int>(i) + 1);
        else
            wait_while(workers_[i]->state, running, Between::keep);
    }
    for (int thread = static_cast<int>(helpers) + 1; thread < threads; ++thread) body(context, thread);
    inside = false;
}

}  // namespace ravine
