#pragma once

#include <string>

#include "ravine/data/catalog.hpp"

namespace ravine {

/// 16 hexadecimal digits that differ where two data sets do, with near certainty: a digest (SHA-256) of the
/// schema, whose means and deviations every training example has moved, of all targets, and of rows of
/// features, all of them up to 64 MiB a part and evenly spaced ones beyond.
std::string digest_of(const Parts& parts);

}  // namespace ravine
