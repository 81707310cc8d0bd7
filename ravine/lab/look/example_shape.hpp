#pragma once

#include <string>

#include "ravine/core/values/shape.hpp"

namespace ravine {

/// Reads the shape of an example as people type it after --shape: "10" for a table, "32x32x3" for images.
/// Throws RequestError where the text has another form.
Shape parse_example_shape(const std::string& text);

}  // namespace ravine
