#pragma once

#include <filesystem>

#include "ravine/lab/run/run.hpp"

namespace ravine {

/// Whether the run is an autoencoding of images, whose reconstructions can be drawn.
bool has_reconstructions(const Run& run);

/// Draws the first 16 images of the validation part (of the test part, or of the training part, where there
/// is none) and below each what the run's network makes of it. Throws as the functions of plot.hpp do.
void write_reconstructions(const std::filesystem::path& path, const Run& run);

}  // namespace ravine
