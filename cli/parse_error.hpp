#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ravine::cli {

/// One line that says what was wrong with a command line, with the nearest command or option where one was
/// mistyped.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace ravine::cli
