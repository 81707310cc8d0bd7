#pragma once

#include <cstdlib>
#include <string>

#include "tests/support/paths.hpp"

namespace ravine::test {

/// Where the published sets are, if they are at hand.
inline std::string published_folder() {
    const char* variable = std::getenv("RAVINE_DATA");
    return variable != nullptr ? variable : source_folder() + "/../shared/data";
}

}  // namespace ravine::test
