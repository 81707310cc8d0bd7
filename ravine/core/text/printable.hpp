#pragma once

#include <cstddef>
#include <string>

namespace ravine {

/// The text with spaces for control characters: on one line, and harmless to a terminal, whoever wrote it.
std::string printable(std::string text);

/// The text in at most `most` bytes: where it is longer, " ... " stands for its middle, since a message
/// begins with the place and ends with the reason. Characters of UTF-8 stay whole.
std::string shortened(std::string text, size_t most = 1000);

}  // namespace ravine
