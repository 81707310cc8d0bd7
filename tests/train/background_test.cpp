#include "ravine/train/training/background.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "ravine/core/threads/threads.hpp"

namespace ravine {
namespace {

TEST(BackgroundTask, RunsOnceForEachStart) {
    int runs = 0;
    std::thread::id where;
    BackgroundTask task([&] {
        ++runs;
        where = std::this_thread::get_id();
    });
    task.wait();  // nothing to wait for
    for (int i = 1; i <= 100; ++i) {
        task.start();
        task.wait();
        EXPECT_EQ(runs, i);
    }
    EXPECT_NE(where, std::this_thread::get_id());
}

TEST(BackgroundTask, CarriesExceptionsOverAndGoesOn) {
    bool fails = true;
    BackgroundTask task([&] {
        if (fails) throw std::runtime_error("damaged");
    });
    task.start();
    EXPECT_THROW(task.wait(), std::runtime_error);
    EXPECT_NO_THROW(task.wait());  // told once
    fails = false;
    task.start();
    EXPECT_NO_THROW(task.wait());
}

TEST(BackgroundTask, EndsWithItsObject) {
    std::atomic<int> runs{0};
    {
        const BackgroundTask never([&] { ++runs; });
        BackgroundTask running([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            ++runs;
        });
        running.start();
    }
    EXPECT_EQ(runs, 1);
}

TEST(BackgroundTask, TreatsSubnormalsAsItsCaller) {
    bool flushes = false;
    BackgroundTask task([&] { flushes = FlushSubnormals::here(); });
    for (const bool here : {true, false, true}) {
        const FlushSubnormals flush(here);
        task.start();
        task.wait();
        EXPECT_EQ(flushes, here);
    }
}

}  // namespace
}  // namespace ravine
