#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ravine/lab/bench/machine_peak.hpp"
#include "ravine/lab/bench/step_workload.hpp"

namespace ravine {

/// What one kernel of a step costs.
struct KernelCost {
    std::string kernel;  ///< as Kernel::describe() says it
    std::string kind;    ///< its first word: "conv2d", "matmul", "fused"; "between kernels" for what is left
    std::string layer;   ///< "3.c1"; "update" for the optimizer's
    double seconds = 0;
    int64_t flops = 0;  ///< operations that its nodes ask for (flops_of), elementwise ones too
    int64_t bytes = 0;  ///< of what it reads and writes, each once
};

/// A step taken apart. The costs add up to `seconds`.
struct StepProfile {
    std::vector<KernelCost> kernels =
        {};              ///< in the order in which they run; the rest of the time comes last
    double seconds = 0;  ///< of a step
    int64_t steps = 0;   ///< that were measured
    MachinePeak peak = {};
};

/// Runs steps for at least `seconds` and measures each kernel: means over the faster half of the steps, which
/// leaves out those that something else disturbed.
StepProfile profile_step(const StepWorkload& workload, CompileOptions options, double seconds);

/// What the time of an operation is bounded by: the larger of what its arithmetic takes at the machine's peak
/// and what its bytes take at the bandwidth of memory; overhead where it takes over four times as long as
/// that.
enum class Bound { arithmetic, memory, overhead };
std::string to_string(Bound bound);

enum class ProfileBy { kernel, kind, layer };
/// Throws RequestError for another word.
ProfileBy parse_profile_by(const std::string& text);

struct ProfileRow {
    std::string name;
    int64_t kernels = 0;  ///< how many it stands for
    double seconds = 0, share = 0;
    int64_t flops = 0, bytes = 0;
    Bound bound = Bound::overhead;
};

/// Kernels of one name together, the longest time first. Times add up to that of the step.
std::vector<ProfileRow> profile_rows(const StepProfile& profile, ProfileBy by);

/// The rows with their totals for people; as CSV with a header; as JSON in one line.
std::string profile_text(const StepProfile& profile, ProfileBy by);
std::string profile_csv(const StepProfile& profile, ProfileBy by);
std::string profile_json(const StepProfile& profile, ProfileBy by);

}  // namespace ravine
