#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace ravine {

/// One task that runs on a thread of its own each time it is asked to. The thread is made when it is first
/// needed and ends with the object, after the task if it runs. Asking allocates nothing.
class BackgroundTask {
public:
    explicit BackgroundTask(std::function<void()> task) : task_(std::move(task)) {}
    ~BackgroundTask();
    BackgroundTask(const BackgroundTask&) = delete;
    BackgroundTask& operator=(const BackgroundTask&) = delete;

    /// Lets the task run once more; subnormal floats are treated there as they are here. Not while it runs.
    void start();
    /// Waits until it does not run, and throws what it has thrown, if anything.
    void wait();

private:
    void serve();

    std::function<void()> task_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool runs_ = false, ends_ = false, flushes_ = false;
    std::exception_ptr thrown_;
    std::thread thread_;
};

}  // namespace ravine
