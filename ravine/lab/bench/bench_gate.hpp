#pragma once

#include "ravine/lab/bench/bench_steps.hpp"

namespace ravine {

/// Medians in milliseconds, of a Trainer's batches with all that belongs to them, the loading too.
struct GatedStepTimes {
    double plain;    ///< forward, backward, update, without a gate
    double open;     ///< the same behind a gate that stays open
    double gated;    ///< behind a gate that closes: no backward phase and no update
    double forward;  ///< the forward phase alone, on a batch that is loaded once
};

/// Times batches of made examples with the loss kl, in turns. At least `seconds` altogether.
GatedStepTimes gated_step_milliseconds(const StepWorkload& workload, CompileOptions options, double seconds);

}  // namespace ravine
