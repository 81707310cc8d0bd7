#pragma once

#include <vector>

#include "ravine/data/sources/catalog.hpp"
#include "ravine/train/training/training.hpp"

namespace ravine {

/// What a first model found, and what it took.
struct FirstModel {
    std::vector<double> losses;  ///< of each training example, in evaluation mode; empty where it was stopped
    Work work;                   ///< the passes in which the losses were taken included
    double seconds = 0;
    std::string failure;  ///< where it ceased to be finite; empty where it did not
};

/// Trains a network of these options from weights and with random numbers of a seed of its own, derived from
/// that of `options`, for `first_epochs` epochs on plain data: no augmentation, evolving targets, gate,
/// annealing or curriculum, with the optimizer's own rate for all tensors, none of which is frozen. Order,
/// batch, optimizer and penalties are those given; the schedule spans the first model's epochs. Stops early
/// where a listener of the run wants to stop, or at an interruption. The same arguments give the same losses.
FirstModel train_first_model(TrainingOptions options, const Parts& parts, int64_t first_epochs,
                             const std::vector<TrainListener*>& listeners);

}  // namespace ravine
