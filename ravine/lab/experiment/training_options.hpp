#pragma once

#include "ravine/lab/experiment/experiment.hpp"
#include "ravine/train/training/training.hpp"

namespace ravine {

/// What an experiment asks for, with every name resolved and every value checked. Throws RequestError for a
/// name, or a setting of one, that there is not, and for parts that make no sense together: before any data
/// are looked at.
TrainingOptions training_options(const Experiment& experiment);

/// The same for the refusals alone.
void check_names(const Experiment& experiment);

/// What an experiment asks of the data.
DataRequest data_request(const Experiment& experiment);

}  // namespace ravine
