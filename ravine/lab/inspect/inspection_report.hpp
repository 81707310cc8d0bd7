#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ravine/lab/inspect/inspection.hpp"

namespace ravine {

/// What stands out, a sentence each; empty where nothing does.
std::vector<std::string> findings(const Inspection& inspection);

/// The loss, its curvature and the updates over the moments, and the layers at the last one, as text.
std::string inspection_tables(const Inspection& inspection);

/// A row a number: step,about,name,quantity,value, where `about` is loss, layer or tensor.
std::string inspection_csv(const Inspection& inspection);

/// Layers, gradients, updates and curvature over the updates. Throws RunError where gnuplot is missing.
void draw_inspection(const std::filesystem::path& path, const Inspection& inspection);

}  // namespace ravine
