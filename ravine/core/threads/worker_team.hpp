#pragma once

#include <memory>
#include <vector>

namespace ravine {

/// The threads that help one thread with its loops. They look for work for a tenth of a millisecond
/// and then sleep. Nobody waits for a thread that has not begun: the caller does its share instead, so that a
/// loop beside other programs takes no longer than on one thread.
class WorkerTeam {
public:
    WorkerTeam();
    ~WorkerTeam();
    WorkerTeam(const WorkerTeam&) = delete;
    WorkerTeam& operator=(const WorkerTeam&) = delete;

    /// Calls body(context, thread) once for each thread of 0 ... threads-1 and returns when all are done: 0
    /// on the caller's thread, the others on threads of the team or, after 0, on the caller's. Not within
    /// such a call.
    void run(int threads, void (*body)(void* context, int thread), void* context);

    /// Whether this thread is within a call of run().
    static bool is_inside();

private:
    struct Worker;
    /// Begins threads until there are as many helpers, or no more can be had.
    void grow(int helpers);

    std::vector<std::unique_ptr<Worker>> workers_;
    int process_;  ///< a child of fork() has the workers' memory, but not their threads
};

}  // namespace ravine
