#include "ravine/core/threads/waiting.hpp"

#include <gtest/gtest.h>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include "ravine/core/threads/threads.hpp"

namespace ravine {
namespace {

/// Milliseconds that the processors have worked for this process: what other programs do does not count.
double worked() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

int sum_on_two_threads() {
    std::atomic<int> sum = 0;
    stealing_work(2, 100, [&](int, int64_t i) { sum += static_cast<int>(i); });
    return sum;
}

/// The same by OpenMP's threads, on which oneDNN works.
int sum_by_openmp() {
    int sum = 0;
#pragma omp parallel for num_threads(2) reduction(+ : sum)
    for (int i = 0; i < 100; ++i) sum += i;
    return sum;
}

/// What a loop costs the processors, with 20 milliseconds behind it in which nobody has work.
double worked_for(int (*loop)()) {
    loop();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // all have begun
    constexpr int loops = 20;
    const double before = worked();
    for (int i = 0; i < loops; ++i) {
        EXPECT_EQ(loop(), 4950);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return (worked() - before) / loops;
}

TEST(BoundedWaiting, ThreadsSleepSoonAfterALoop) {
    if (waiting_is_set()) GTEST_SKIP() << "here the environment decides";
    EXPECT_LT(worked_for(sum_on_two_threads), 1);
}

// By itself libgomp spins for some 300,000 looks, 3 to 20 milliseconds.
TEST(BoundedWaiting, ThreadsOfOpenMPSleepSoonAfterALoop) {
    if (omp_get_num_procs() < 2 || waiting_is_set()) GTEST_SKIP() << "here Ravine changes nothing";
    bound_waiting();
    EXPECT_LT(worked_for(sum_by_openmp), 1);
}

// The child has none of the parent's threads.
TEST(BoundedWaiting, AChildOfForkComputesOnOneThreadAndEnds) {
    bound_waiting();
    const pid_t child = fork();
    if (child == 0) {
        int sum = 0;
        stealing_work(1, 100, [&](int, int64_t i) { sum += static_cast<int>(i); });
        _exit(sum == 4950 ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST(BoundedWaiting, SeveralTeamsAtOnceStaySound) {
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> trials;
        for (int trial = 0; trial < 3; ++trial)
            trials.emplace_back([&] {
                for (int i = 0; i < 200; ++i) right += sum_on_two_threads() == 4950;
            });
    }
    EXPECT_EQ(right, 600);
}

// Who waits and who is waited for fall asleep at every possible moment.
TEST(OnThreads, NobodySleepsForEver) {
    const auto begin = std::chrono::steady_clock::now();
    std::atomic<int64_t> sum = 0;
    int64_t expected = 0;
    for (int i = 0; std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(300); ++i) {
        on_threads(2, [&](int thread) {
            const auto work = std::chrono::steady_clock::now() + std::chrono::nanoseconds(i % 64 * 1000);
            while (thread == i % 2 && std::chrono::steady_clock::now() < work) continue;
            sum += thread;
        });
        ++expected;
    }
    EXPECT_EQ(sum, expected);
}

TEST(OnThreads, LoopsWithinLoopsAreDoneByTheThreadThatMeetsThem) {
    std::atomic<int> calls = 0;
    on_threads(2, [&](int) { on_threads(3, [&](int thread) { calls += 1 + thread; }); });
    EXPECT_EQ(calls, 2 * (1 + 2 + 3));
}

TEST(OnThreads, CallsEachOnceWithThePresentContext) {
    for (const int threads : {1, 2, 5}) {
        std::vector<int> calls(static_cast<size_t>(threads), 0);
        on_threads(threads, [&](int thread) { ++calls[static_cast<size_t>(thread)]; });
        EXPECT_EQ(calls, std::vector<int>(static_cast<size_t>(threads), 1));
    }
}

}  // namespace
}  // namespace ravine
