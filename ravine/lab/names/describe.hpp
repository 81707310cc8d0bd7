#pragma once

#include <string>

#include "ravine/lab/names/registry.hpp"

namespace ravine {

/// Name and summary of every thing of a kind, as a table.
std::string list_text(const Kind& kind);

/// All that is known of a thing: summary, formula, source, settings, an example. What a model is made of
/// tells model_summary_text().
std::string describe_text(const Entry& entry);

}  // namespace ravine
