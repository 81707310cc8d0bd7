#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ravine/core/settings/settings.hpp"

namespace ravine {

/// Everything that decides a training run: the flags of `ravine train`, the keys of an experiment file, and
/// the config.toml of a run. Names are specs (NAME:key=value,...), read where they are used.
struct Experiment {
    std::string dataset;
    std::string model = "mlp";  ///< or the text of a description: see model_file.hpp
    std::string model_origin;   ///< where a description was read, for messages; no setting
    std::string optimizer = "adam";
    std::string loss;                 ///< empty: what fits model and task
    std::string schedule = "linear";  ///< decays to 1 % of the rate over the run; see make_schedule()
    std::string rate = "constant";
    std::string then = "none";          ///< the optimizer that goes on after
    std::string hand_over = "settled";  ///< by which `then` takes over
    std::string clip = "none";
    std::string freeze = "none";   ///< tensors that keep their values, and
    std::string rate_of = "none";  ///< multiples of the rate for some: see parse_groups()
    std::string augment = "none";  ///< of the training part: NAME:key=value,... joined by '+'
    std::string targets = "fixed";
    std::string gate = "none";
    std::string anneal = "none";
    std::string curriculum = "none";
    std::string stop = "none";
    std::string average = "auto";
    int64_t epochs = 10;
    int64_t max_steps = 0;  ///< 0: the epochs decide
    int64_t batch = 32;
    int64_t seed = 0;
    std::string sampler = "shuffled";
    std::string init;         ///< a safetensors file with the initial weights
    std::string initializer;  ///< empty: each layer's own
    double l1 = 0;
    double l2 = 0;
    double weight_decay = 0;
    std::string precision = "f32";
    int64_t threads = 0;           ///< 0: one, or all processors for a model that is large enough
    int64_t log_every = 0;         ///< 0: about ten lines an epoch
    bool train_scores = false;     ///< evaluate the whole training part after each epoch too
    std::string target;            ///< tables: the column to predict
    std::string task;              ///< empty: inferred
    double validation_share = -1;  ///< negative: what the data set says
    double test_share = -1;
    int64_t examples = 0;  ///< of the training part; 0: all
    std::string data_dir;
};

/// The settings of an experiment: names as in files (max_steps); flags have dashes (--max-steps).
const std::vector<Field<Experiment>>& experiment_fields();

/// Throws RequestError("WHERE: unknown key"), with the nearest, where no setting has this name.
void check_setting_name(const std::string& name, const std::string& where);

/// Sets one setting from text. `where` begins the message of an error: "--batch", "file.toml:3: batch".
/// Throws RequestError for an unknown name, with the nearest, a bad value, or text that is not UTF-8.
void set_experiment(Experiment& experiment, const std::string& name, const std::string& where,
                    const std::string& text);

/// Whether several values of a setting make one, joined by '+': the steps of an augmentation, the parts of a
/// schedule.
bool is_chain_setting(const std::string& name);

/// Reads an experiment file (TOML) on top of `experiment`. Throws RequestError with file and line, and column
/// for what is no TOML.
void read_experiment(Experiment& experiment, const std::filesystem::path& path);

/// The experiment as TOML, every setting included: enough to run it again.
std::string experiment_to_toml(const Experiment& experiment);

}  // namespace ravine
