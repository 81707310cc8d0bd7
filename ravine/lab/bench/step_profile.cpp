#include "ravine/lab/bench/step_profile.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "ravine/core/threads/threads.hpp"

namespace ravine {
namespace {

constexpr size_t most_steps = 10'000;

/// The kernels of a step, and the seconds that each takes as the workspaces count them.
class StepClock {
public:
    explicit StepClock(WorkloadRun& run) {
        add(run.objective().workspace(), "");
        for (auto* workspace : run.optimizer().workspaces()) add(*workspace, "update");
        seconds_.resize(costs_.size());
        size_t begin = 0;
        for (const auto& [workspace, kernels] : parts_) {
            workspace->kernel_seconds = std::span(seconds_).subspan(begin, kernels);
            begin += kernels;
        }
    }
    StepClock(const StepClock&) = delete;  // the workspaces refer to the seconds
    StepClock& operator=(const StepClock&) = delete;
    ~StepClock() {
        for (const auto& [workspace, kernels] : parts_) workspace->kernel_seconds = {};
    }

    const std::vector<KernelCost>& costs() const { return costs_; }
    /// Seconds by kernel since the last call.
    std::vector<double> take() {
        const std::vector<double> taken = seconds_;
        std::ranges::fill(seconds_, 0);
        return taken;
    }

private:
    void add(Workspace& workspace, const std::string& group) {
        const auto kernels = workspace.program().kernels();
        for (const auto& kernel : kernels) {
            const std::string first_word = kernel.text.substr(0, kernel.text.find_first_of(" :"));
            costs_.push_back({.kernel = kernel.text,
                              .kind = group.empty() ? first_word : group,
                              .layer = !group.empty()         ? group
                                       : kernel.label.empty() ? "no layer"
                                                              : kernel.label,
                              .flops = kernel.flops,
                              .bytes = kernel.bytes});
        }
        parts_.emplace_back(&workspace, kernels.size());
    }

    std::vector<std::pair<Workspace*, size_t>> parts_;  // and how many kernels each has
    std::vector<KernelCost> costs_;
    std::vector<double> seconds_;
};

struct TimedStep {
    double seconds;               ///< of all of it
    std::vector<double> kernels;  ///< of each
};

/// Steps of at least `seconds` together, and at least three, after two to warm up.
std::vector<TimedStep> timed_steps(WorkloadRun& run, StepClock& kernels, double seconds) {
    using Clock = std::chrono::steady_clock;
    for (int i = 0; i < 2; ++i) run.step();
    kernels.take();
    std::vector<TimedStep> steps;
    double total = 0;
    while ((total < seconds && steps.size() < most_steps) || steps.size() < 3) {
        const auto start = Clock::now();
        run.step();
        const double step = std::chrono::duration<double>(Clock::now() - start).count();
        steps.push_back({step, kernels.take()});
        total += step;
    }
    return steps;
}

}  // namespace

StepProfile profile_step(const StepWorkload& workload, CompileOptions options, double seconds) {
    const FlushSubnormals flush;  // as in training
    WorkloadRun run(workload, options);
    StepClock clock(run);
    std::vector<TimedStep> steps = timed_steps(run, clock, seconds);
    StepProfile profile{.kernels = clock.costs(), .steps = std::ssize(steps)};
    std::ranges::sort(steps, {}, &TimedStep::seconds);
    steps.resize((steps.size() + 1) / 2);
    const double share = 1 / static_cast<double>(steps.size());
    double in_kernels = 0;
    for (const auto& step : steps) {
        profile.seconds += share * step.seconds;
        for (size_t i = 0; i < step.kernels.size(); ++i) {
            profile.kernels[i].seconds += share * step.kernels[i];
            in_kernels += share * step.kernels[i];
        }
    }
    const std::string rest = "between kernels";
    profile.kernels.push_back({rest, rest, rest, profile.seconds - in_kernels});
    profile.peak = measure_machine_peak(options);
    return profile;
}

}  // namespace ravine
