#include "ravine/train/training/background.hpp"

#include <utility>

#include "ravine/core/threads/threads.hpp"

namespace ravine {

BackgroundTask::~BackgroundTask() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void BackgroundTask::start() {
    {
        const std::lock_guard lock(mutex_);
        runs_ = true;
        flushes_ = FlushSubnormals::here();
    }
    if (thread_.joinable())
        changed_.notify_all();
    else
        thread_ = std::thread([this] { serve(); });
}

void BackgroundTask::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !runs_; });
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void BackgroundTask::serve() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return runs_ || ends_; });
        if (!runs_) return;
        const bool flushes = flushes_;
        lock.unlock();
        std::exception_ptr thrown;
        try {
            const FlushSubnormals flush(flushes);
            task_();
        } catch (...) {
            thrown = std::current_exception();
        }
        lock.lock();
        thrown_ = thrown;
        runs_ = false;
        changed_.notify_all();
    }
}

}  // namespace ravine
