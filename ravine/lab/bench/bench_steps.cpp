#include "ravine/lab/bench/bench_steps.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ravine/core/threads/threads.hpp"

namespace ravine {
namespace {

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

double step_milliseconds(const StepWorkload& workload, CompileOptions options, double seconds) {
    using Clock = std::chrono::steady_clock;
    const FlushSubnormals flush;  // as in training
    WorkloadRun run(workload, options);
    for (int i = 0; i < 2; ++i) run.step();
    std::vector<double> times;
    const auto start = Clock::now();
    for (auto now = start; now - start < std::chrono::duration<double>(seconds) || times.size() < 3;) {
        run.step();
        const auto then = std::exchange(now, Clock::now());
        times.push_back(std::chrono::duration<double, std::milli>(now - then).count());
    }
    return median(std::move(times));
}

}  // namespace ravine
