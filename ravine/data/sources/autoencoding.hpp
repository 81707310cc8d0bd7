#pragma once

#include "ravine/data/dataset.hpp"
#include "ravine/data/sources/catalog.hpp"

namespace ravine {

/// The same examples with their own features as targets, which are not copied (Rumelhart, Hinton and Williams
/// 1986: the encoder problem). Labels, values and the names of classes are gone.
Dataset autoencoding_of(Dataset data);

/// The same parts with their own features as targets: split and order are those of the original task. Targets
/// are normalised by mean and deviation over the training part, so that the target 0 is the mean example;
/// each column of a table for itself, and the pixels of images by their own means and the root of their mean
/// variance, since a pixel that hardly varies would weigh as much as the others. A note says how many there
/// are.
Parts autoencoding_parts(Parts parts);

}  // namespace ravine
