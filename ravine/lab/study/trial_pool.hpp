#pragma once

#include <span>
#include <string>
#include <vector>

#include "ravine/lab/study/data_cache.hpp"
#include "ravine/lab/study/trial_store.hpp"

namespace ravine {

/// A trial that is to be run, under the name that people are told.
struct TrialTask {
    std::string label;
    Experiment experiment;
    TrialPurpose purpose = TrialPurpose::result;
};

/// Hears of the trials of a pool, from several threads, one call at a time.
class PoolListener {
public:
    virtual ~PoolListener() = default;
    virtual void on_begin(size_t /*tasks*/, size_t /*found*/) {}
    /// How much of all trials is done, in trials: 2.25 is two and a quarter. Often.
    virtual void on_progress(double /*trials*/) {}
    virtual void on_finish(const TrialTask&, const TrialRecord&) {}
    virtual void on_end() {}
};

/// Runs the tasks that the store does not hold yet, `jobs` at a time, each in a thread of its own, and saves
/// every one that ends. Trials on the same data share them. The records come in the order of the tasks, and
/// do not depend on `jobs`; where Ctrl-C was pressed, the trials in hand are given up and those that are
/// missing are empty. Throws the first error of a trial, once all threads have stopped.
std::vector<std::optional<TrialRecord>> run_trials(std::span<const TrialTask> tasks, const TrialStore& store,
                                                   DataCache& data, int jobs, PoolListener& listener);

}  // namespace ravine
