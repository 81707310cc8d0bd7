#pragma once

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include <string>
#include <string_view>

namespace ravine {

/// The most levels of lists and inline tables in a TOML text, and the most parts of a dotted key or of a
/// table's heading; far more than any file of Ravine has. The library bounds only the former.
constexpr int most_toml_levels = 32;

/// The line, from 1, on which lists, tables or the parts of a key first go deeper than `levels`; 0 where they
/// never do. Looks at the brackets and dots outside strings and comments only, so it knows before anything is
/// parsed.
int64_t line_of_deep_toml(std::string_view text, int levels = most_toml_levels);

/// The table of a TOML text that somebody else may have written. `origin` begins every message. Throws
/// RequestError with line and column for what is none, with the line where it goes deeper than
/// most_toml_levels, and for more than 1 MiB.
toml::table parse_toml(std::string_view text, const std::string& origin);

}  // namespace ravine
