#include "ravine/lab/names/csv_text.hpp"

#include <cmath>

#include "ravine/core/settings/settings.hpp"

namespace ravine {

std::string csv_cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

std::string csv_cell(double value) { return std::isnan(value) ? std::string() : format_number(value); }

std::string csv_cell(int64_t value) { return std::to_string(value); }

}  // namespace ravine
