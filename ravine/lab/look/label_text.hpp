#pragma once

#include <span>
#include <string>
#include <vector>

#include "ravine/data/dataset.hpp"

namespace ravine {

/// The names of the labels whose targets are above 1/2, "disc0 + disc2"; "none" where none is.
std::string label_text(const Dataset& data, std::span<const float> targets);

/// The same in the room under a small image: as it is up to 8 bytes, else "3 labels".
std::string label_caption(const Dataset& data, std::span<const float> targets);

/// The labels of an example of a labelled multi-label set.
std::vector<float> labels_of(const Dataset& data, int64_t example);

}  // namespace ravine
