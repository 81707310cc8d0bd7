#pragma once

#include <string>

namespace ravine {

/// The text with spaces for control characters: on one line, and harmless to a terminal, whoever wrote it.
std::string printable(std::string text);

}  // namespace ravine
