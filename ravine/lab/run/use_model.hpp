#pragma once

#include <string>
#include <vector>

#include "ravine/lab/run/run_folder.hpp"
#include "ravine/train/training/evaluator.hpp"

namespace ravine {

/// What an evaluation found.
struct Evaluated {
    std::string data;  ///< "spiral, test part", or the file
    int64_t examples = 0;
    Scores scores;
    double rmse;  ///< numbers to predict: in the units of the data; NaN otherwise
    struct Class {
        std::string name;
        double recall;  ///< share of the examples with this class or label that are predicted so
        int64_t count;
    };
    std::vector<Class> classes;  ///< those that occur
};

/// Evaluates the model of a run folder on a file, or, where `data` is empty, on the test part of its own data
/// set. Throws RequestError where there is no run, it has no such weights, or the data do not fit.
Evaluated evaluate_run(const std::string& run, const std::string& data, const std::string& data_dir,
                       SavedWeights weights = SavedWeights::result);

/// A row an example: for classes the predicted class, for labels a column each with 0 or 1, and, where the
/// loss has them, the probability of each class or label; for regression the predicted values, in the units
/// of the data; for an autoencoding the features so, as they are reconstructed.
std::string predictions_to_csv(const std::string& run, const std::string& data,
                               SavedWeights weights = SavedWeights::result);

}  // namespace ravine
