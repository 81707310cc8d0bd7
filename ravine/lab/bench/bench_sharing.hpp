#pragma once

#include "ravine/lab/bench/bench_steps.hpp"

namespace ravine {

/// Milliseconds of one step, means over some time: what a person waits for, stalls included.
struct SharedStepTimes {
    double one_alone;        ///< on one thread, with no other work on the machine
    double alone;            ///< on as many threads as asked for
    double one_beside_busy;  ///< on one thread, beside a program that always computes on one
    double beside_busy;      ///< on as many as asked for, beside the same
    double of_two_programs;  ///< in the slower of two programs, each on as many as asked for

    /// What the threads cost where another program works: 1 where they are as fast as one thread.
    double busy_ratio() const { return beside_busy / one_beside_busy; }
    /// How long two programs at once take, over doing one's and then the other's work on one thread.
    double two_programs_ratio() const { return of_two_programs / (2 * one_alone); }
};

/// Measures each for `seconds`, after two steps to warm up, in processes of their own, so that the threads of
/// one know nothing of another's. To be called where no threads have computed yet in this process. Throws as
/// WorkloadRun does.
SharedStepTimes shared_step_milliseconds(const StepWorkload& workload, CompileOptions options,
                                         double seconds);

}  // namespace ravine
