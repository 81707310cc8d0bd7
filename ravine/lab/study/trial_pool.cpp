#include "ravine/lab/study/trial_pool.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

#include "ravine/core/threads/interrupt.hpp"

namespace ravine {
namespace {

/// One call of run_trials().
class Pool {
public:
    Pool(std::span<const TrialTask> tasks, const TrialStore& store, DataCache& data, int jobs,
         PoolListener& listener)
        : tasks_(tasks),
          store_(store),
          listener_(listener),
          data_(data),
          records_(tasks.size()),
          progress_(static_cast<size_t>(jobs)) {
        for (size_t i = 0; i < tasks.size(); ++i) {
            records_[i] = store.find(tasks[i].experiment);
            if (!records_[i]) waiting_.push_back(i);
        }
        finished_ = tasks.size() - waiting_.size();
        // Trials on the same data follow one another.
        std::ranges::stable_sort(waiting_, {}, [&](size_t i) { return tasks[i].experiment.seed; });
    }

    std::vector<std::optional<TrialRecord>> run() {
        listener_.on_begin(tasks_.size(), finished_);
        std::vector<std::thread> threads;
        for (size_t worker = 0; worker < std::min(progress_.size(), waiting_.size()); ++worker)
            threads.emplace_back([this, worker] { work(worker); });
        for (auto& thread : threads) thread.join();
        listener_.on_end();
        if (error_) std::rethrow_exception(error_);
        return std::move(records_);
    }

private:
    /// Tells how far the trial of one worker is.
    class Report : public TrainListener {
    public:
        Report(Pool& pool, size_t worker) : pool_(pool), worker_(worker) {}
        void on_progress(const StepEvent& event, int64_t total) override {
            const auto share =
                static_cast<double>(event.step) / static_cast<double>(std::max(int64_t{1}, total));
            if (share - told_ < 0.01) return;  // a lock a hundred times a trial, not at each of its updates
            told_ = share;
            pool_.progress(worker_, share);
        }

    private:
        Pool& pool_;
        size_t worker_;
        double told_ = 0;
    };

    void work(size_t worker) {
        for (size_t next = next_++; next < waiting_.size() && !stopped(); next = next_++) {
            const size_t i = waiting_[next];
            try {
                run_one(worker, i);
            } catch (...) {
                const std::lock_guard lock(mutex_);
                if (!error_) error_ = std::current_exception();
            }
        }
    }

    void run_one(size_t worker, size_t i) {
        Report report(*this, worker);
        const Experiment& experiment = tasks_[i].experiment;
        TrialRecord record =
            run_trial(experiment, data_.get(data_request(experiment)), tasks_[i].purpose, &report);
        const std::lock_guard lock(mutex_);
        progress_[worker] = 0;
        if (record.reason == StopReason::interrupted) return;
        store_.save(record);
        ++finished_;
        listener_.on_finish(tasks_[i], record);
        records_[i] = std::move(record);
    }

    void progress(size_t worker, double share) {
        const std::lock_guard lock(mutex_);
        progress_[worker] = share;
        listener_.on_progress(
            std::accumulate(progress_.begin(), progress_.end(), static_cast<double>(finished_)));
    }

    bool stopped() {
        const std::lock_guard lock(mutex_);
        return error_ || interrupted();
    }

    std::span<const TrialTask> tasks_;
    const TrialStore& store_;
    PoolListener& listener_;
    DataCache& data_;
    std::vector<size_t> waiting_;  // tasks that the store does not hold
    std::atomic<size_t> next_ = 0;

    std::mutex mutex_;  // of what follows
    std::vector<std::optional<TrialRecord>> records_;
    std::vector<double> progress_;  // of the trial in hand, by worker
    size_t finished_ = 0;
    std::exception_ptr error_;
};

}  // namespace

std::vector<std::optional<TrialRecord>> run_trials(std::span<const TrialTask> tasks, const TrialStore& store,
                                                   DataCache& data, int jobs, PoolListener& listener) {
    return Pool(tasks, store, data, jobs, listener).run();
}

}  // namespace ravine
