#pragma once

#include <string>
#include <vector>

namespace ravine {

/// A cell of a CSV file, quoted where it must be (RFC 4180).
std::string csv_cell(const std::string& text);

/// The shortest text that reads back to the same number; empty for NaN, which means "not known".
std::string csv_cell(double value);
std::string csv_cell(int64_t value);

/// A line of a CSV file, from cells of any of these kinds.
template <class... Cells>
std::string csv_line(const Cells&... cells) {
    std::string line;
    ((line += csv_cell(cells) + ','), ...);
    line.back() = '\n';
    return line;
}

}  // namespace ravine
