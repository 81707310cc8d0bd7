#pragma once

#include "ravine/lab/run/run.hpp"

namespace ravine {

/// Draws curves.svg (loss, accuracy, learning rate) and, for classes in a plane, boundary.svg,
/// for an autoencoding of images reconstructions.png. Where gnuplot
/// is missing there are no pictures, and a warning says so.
void draw_pictures(const RunFolder& folder, const Run& run);

}  // namespace ravine
