#pragma once

namespace ravine {

/// What a learned rate is judged by.
enum class JudgedBy {
    training,    ///< the batch of the step
    validation,  ///< a random batch of the validation part, drawn anew for each step
};

}  // namespace ravine
