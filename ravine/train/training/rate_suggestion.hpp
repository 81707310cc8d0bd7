#pragma once

#include <optional>
#include <string>

#include "ravine/train/training/rate_sweep.hpp"

namespace ravine {

/// What a sweep says about the rate to train with.
struct RateSuggestion {
    std::optional<double> rate;      ///< none where the loss never fell
    std::optional<double> steepest;  ///< where the smoothed loss falls most over half a decade
    std::optional<double> lowest;    ///< where it is lowest
    std::optional<double> burst;     ///< where it exploded or was not finite, which ended the sweep
    std::string reason;              ///< for a person, in one line
};

/// The smaller of the rate of the steepest descent and a tenth of the rate at which the smoothed loss is
/// lowest; of those, the first alone where the loss still falls at the last rates. Both are rules of
/// fastai's, `steep` and `minimum`. The first tenth of the rows, at least 5, have a smoothed loss that is a
/// mean of few: they tell where the loss began, and by how much it scatters. It has fallen where the mean of
/// as many rows up to the lowest lies below theirs by more than their standard deviation, and by more than 1
/// %.
RateSuggestion suggest_rate(const RateSweep& sweep);

}  // namespace ravine
