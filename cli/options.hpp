#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/settings/settings.hpp"
#include "ravine/lab/experiment/experiment.hpp"

namespace ravine::cli {

// Options that hold numbers, checked as the settings of a method are: "--steps: expected an integer at least
// 1, found '0'". The default is what `value` holds.

/// The flag of a setting: --max-steps for max_steps.
std::string flag_of(std::string name);

/// The settings of an experiment that a command line gives, name and text, in its order.
using GivenSettings = std::vector<std::pair<std::string, std::string>>;

/// Every setting of an experiment as an option, the data set as the argument. `settings` must outlive the
/// command.
void add_experiment_options(CLI::App& command, GivenSettings& settings);

/// The experiment of a file, where there is one, and of the settings: later ones win.
Experiment experiment_of(const std::string& file, const GivenSettings& settings);

/// --weights last|best, which saved weights of a run are used.
void add_weights(CLI::App& command, std::string& weights);

/// What a data set is called in the name of a folder: "mnist" for mnist, "houses" for data/houses.csv.
std::string dataset_word(const std::string& dataset);

/// `name` is the option as CLI11 takes it, "-n,--steps"; errors speak of the last of its spellings.
CLI::Option* add_integer(CLI::App& command, const std::string& name, int64_t& value, const Range& range,
                         const std::string& meaning);
CLI::Option* add_number(CLI::App& command, const std::string& name, double& value, const Range& range,
                        const std::string& meaning);
/// Without a default: empty unless given.
CLI::Option* add_number(CLI::App& command, const std::string& name, std::optional<double>& value,
                        const Range& range, const std::string& meaning);

}  // namespace ravine::cli
