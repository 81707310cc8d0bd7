#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "ravine/data/dataset.hpp"

namespace ravine {

/// Whether write_example_plot() can draw examples of such a set: classes of two or three features, up to
/// four labels of as many, or numbers of one.
bool has_example_plot(const Dataset& data);

/// Examples as points: two features in the plane and three in space, seen from a corner, each class, or set
/// of labels that hold together, in its colour; of regression the value over the feature. Throws as the
/// functions of plot.hpp do.
void write_example_plot(const std::filesystem::path& path, const std::string& title, const Dataset& data,
                        std::span<const int64_t> examples);

}  // namespace ravine
