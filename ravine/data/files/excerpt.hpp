#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ravine {

/// The beginning of a text from a file, fit for a message of one line: control characters become spaces, and
/// what is past `most` bytes is cut off at a character's end and replaced by "...".
std::string excerpt(std::string_view text, size_t most = 60);

/// "a, b, c": the first names of a list, and how many more there are.
std::string excerpt(const std::vector<std::string>& names, size_t most = 20);

}  // namespace ravine
