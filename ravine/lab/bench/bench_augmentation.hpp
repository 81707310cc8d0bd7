#pragma once

#include <string>

#include "ravine/lab/bench/bench_steps.hpp"

namespace ravine {

/// Medians over the steps, in milliseconds.
struct AugmentedStepTimes {
    double fixed;      ///< on one batch that is loaded once
    double augmented;  ///< on another batch each time, drawn from made images and augmented
    double prepare;    ///< one batch drawn and augmented, and no step beside it
};

/// Times steps with and without augmentation, in turns. At least `seconds` altogether. Throws RequestError
/// for a bad chain (make_augmentation), "none" being one that loads batches and no more; a consistency loss
/// is refused, because its steps are three times as large.
AugmentedStepTimes augmented_step_milliseconds(const StepWorkload& workload, const std::string& chain,
                                               CompileOptions options, double seconds);

}  // namespace ravine
