#pragma once

#include <string>
#include <vector>

namespace ravine {

/// Rows of cells as text: columns two spaces apart, numbers on the right, the last column broken between
/// words so that lines stay within `width`. `header` may be empty.
std::string text_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows, size_t width = 110);

/// `text` broken between words so that lines stay within `width`; lines after the first begin with `indent`
/// spaces, and the first is taken to begin there too.
std::string wrapped(const std::string& text, size_t indent, size_t width = 110);

}  // namespace ravine
