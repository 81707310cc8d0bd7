#include "ravine/lab/bench/bench_sharing.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/core/threads/threads.hpp"

namespace ravine {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr auto patience = std::chrono::milliseconds(1);

/// What the processes of one measurement tell each other, in memory that they share.
struct Board {
    struct Program {
        std::atomic<bool> is_ready, is_done;
        double milliseconds;
        char error[1000];  // empty where there is none
    };
    std::atomic<bool> begins, ends;
    std::array<Program, 2> programs;
};

class SharedBoard {
public:
    SharedBoard() {
        void* memory =
            mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) fail_run("shared memory: {}", std::strerror(errno));
        board_ = new (memory) Board{};
    }
    ~SharedBoard() { munmap(board_, sizeof(Board)); }
    SharedBoard(const SharedBoard&) = delete;
    SharedBoard& operator=(const SharedBoard&) = delete;

    Board& operator*() const { return *board_; }

private:
    Board* board_;
};

/// A process that does one thing, until that ends, its object does or this process does.
class Child {
public:
    explicit Child(const std::function<void()>& action) {
        const pid_t parent = getpid();
        id_ = fork();
        if (id_ < 0) fail_run("cannot start a process: {}", std::strerror(errno));
        if (id_ > 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent) action();
        _exit(0);
    }
    ~Child() {
        if (id_ == 0) return;
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    bool has_ended() const {
        siginfo_t info{};
        return waitid(P_PID, static_cast<id_t>(id_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == id_;
    }

private:
    pid_t id_;
};

void compute_for_ever() {
    static volatile unsigned number = 0;  // so that no compiler takes the loop away
    while (true) number = number + 1;
}

/// Steps from the common beginning to the common end, one at least.
void run_steps(const StepWorkload& workload, CompileOptions options, const Board& board,
               Board::Program& self) {
    const FlushSubnormals flush;  // as in training
    WorkloadRun run(workload, options);
    for (int i = 0; i < 2; ++i) run.step();
    self.is_ready = true;
    while (!board.begins) std::this_thread::sleep_for(patience);
    int64_t steps = 0;
    const auto start = Clock::now();
    for (; steps == 0 || !board.ends; ++steps) run.step();
    self.milliseconds = 1e3 * Seconds(Clock::now() - start).count() / static_cast<double>(steps);
}

void run_beside(const StepWorkload& workload, CompileOptions options, const Board& board,
                Board::Program& self) {
    try {
        run_steps(workload, options, board, self);
    } catch (const std::exception& error) {
        std::strncpy(self.error, error.what(), sizeof self.error - 1);
    }
    self.is_ready = true;
    self.is_done = true;
}

void wait_until(const Child& child, const std::atomic<bool>& is_so) {
    while (!is_so) {
        if (child.has_ended() && !is_so) fail_run("a measured program ended early");
        std::this_thread::sleep_for(patience);
    }
}

/// The slowest mean of so many programs at once.
double slowest(size_t programs, const StepWorkload& workload, CompileOptions options, double seconds) {
    const SharedBoard shared;
    Board& board = *shared;
    std::vector<std::unique_ptr<Child>> children;
    for (size_t i = 0; i < programs; ++i)
        children.push_back(
            std::make_unique<Child>([&] { run_beside(workload, options, board, board.programs[i]); }));
    for (size_t i = 0; i < programs; ++i) wait_until(*children[i], board.programs[i].is_ready);
    board.begins = true;
    std::this_thread::sleep_for(Seconds(seconds));
    board.ends = true;
    double result = 0;
    for (size_t i = 0; i < programs; ++i) {
        wait_until(*children[i], board.programs[i].is_done);
        if (board.programs[i].error[0]) fail_request("{}", board.programs[i].error);
        result = std::max(result, board.programs[i].milliseconds);
    }
    return result;
}

}  // namespace

SharedStepTimes shared_step_milliseconds(const StepWorkload& workload, CompileOptions options,
                                         double seconds) {
    CompileOptions one = options;
    one.threads = 1;
    SharedStepTimes times{.one_alone = slowest(1, workload, one, seconds),
                          .alone = slowest(1, workload, options, seconds),
                          .one_beside_busy = 0,
                          .beside_busy = 0,
                          .of_two_programs = slowest(2, workload, options, seconds)};
    const Child busy(compute_for_ever);
    times.one_beside_busy = slowest(1, workload, one, seconds);
    times.beside_busy = slowest(1, workload, options, seconds);
    return times;
}

}  // namespace ravine
