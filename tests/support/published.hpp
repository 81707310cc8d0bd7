#pragma once

#include <cstdlib>
#include <string>

namespace ravine::test {

/// Where the published sets are, if they are at hand.
inline std::string published_folder() {
    const char* variable = std::getenv("RAVINE_DATA");
    return variable != nullptr ? variable : RAVINE_SOURCE_DIR "/../shared/data";
}

}  // namespace ravine::test
