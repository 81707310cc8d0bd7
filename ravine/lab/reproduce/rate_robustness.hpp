#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ravine/lab/reproduce/adaptive_rate.hpp"
#include "ravine/lab/study/trial_pool.hpp"

namespace ravine {

// How much a method needs a good first rate: what share of runs from seven rates over six orders of magnitude
// comes near plain SGD at its best constant rate, at equal work.

/// A problem of a second or less a run.
struct RateProblem {
    std::string name, title;
    Experiment experiment;  ///< without optimizer, rate and seed
};

/// Six of them: four made sets, and 3,000 images each of MNIST and Fashion-MNIST, which are left out with a
/// warning where their files are not found.
std::vector<RateProblem> rate_problems(const AdaptiveRateOptions& options);

/// A method that starts somewhere; "{}" stands for the rate that it starts from.
struct RateMethod {
    std::string label, optimizer, rate;
};

/// Plain SGD first, then the learned rates, then what this build has of rivals from outside the paper.
std::vector<RateMethod> rate_methods();

/// The rates that methods start from, and those that plain SGD's best is chosen from, every half decade of
/// the same range.
std::vector<std::string> rate_starts(const AdaptiveRateOptions& options);
std::vector<std::string> sgd_rates();

/// One run of a method.
struct RobustRun {
    std::string problem, method, start;
    int64_t seed;
    bool diverged;
    double loss;       ///< in training, when SGD's work was done, after the last whole epoch before that
    double reference;  ///< of the best constant rate at the same seed

    /// A tenth of the reference is allowed for; losses are not negative.
    bool is_near() const { return !diverged && loss <= 1.1 * reference; }
};

/// All runs of one problem. SGD's best rate is the one with the smallest mean training loss over the seeds.
/// Throws RunError where an interruption left trials out.
std::vector<RobustRun> run_rate_problem(const RateProblem& problem, const AdaptiveRateOptions& options,
                                        const std::filesystem::path& folder, PoolListener& listener);

/// The share of runs of a method that come near, with Wilson's (1927) 95 % interval; by problem too.
PaperTable robustness_table(const std::vector<RobustRun>& runs);
/// The same by the rate that was started from, and how far off the runs were.
PaperFigure draw_robustness(const std::filesystem::path& folder, const std::vector<RobustRun>& runs);

}  // namespace ravine
