#pragma once

#include <cstdint>
#include <filesystem>

#include "ravine/train/curriculum/first_model.hpp"

namespace ravine {

/// What a first model found, as the JSON of a run folder: {"seconds", "forward_passes", "backward_passes",
/// "losses": [one a training example]}; a loss that is not finite is null. Reading throws RequestError for
/// anything else, and for another number of examples.
void write_curriculum(const std::filesystem::path& path, const FirstModel& model);
FirstModel read_curriculum(const std::filesystem::path& path, int64_t examples);

}  // namespace ravine
