#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ravine/lab/experiment/experiment.hpp"

namespace ravine {

/// One side of a comparison: what it is called and how it trains. The seed of the experiment is the first of
/// the study's.
struct Contender {
    std::string label;
    Experiment experiment;
};

/// A setting and the values that it takes, with the beginning of a message about each.
struct SettingValues {
    std::string name;
    std::vector<std::pair<std::string, std::string>> values;  ///< {"--batch", "32"}
};

/// A contender for each combination of the values of settings with several of them, called by what sets it
/// apart: "adam", "adam, mlp:hidden=10". Later settings of one name replace earlier ones. Throws RequestError
/// for an unknown setting or a bad value, and for two contenders that are the same.
std::vector<Contender> make_contenders(const std::vector<SettingValues>& settings);

}  // namespace ravine
