#pragma once

#include <string>
#include <vector>

#include "ravine/core/values/better.hpp"
#include "ravine/train/training/listener.hpp"

namespace ravine {

/// A measure of a run that is known after each evaluation.
struct Metric {
    std::string name = {};  ///< "validation_accuracy"
    Better better = Better::higher;
    double (*at)(const EvaluationEvent&) = nullptr;
};

/// validation_accuracy, validation_loss, train_accuracy, train_loss.
const std::vector<Metric>& metrics();
/// Throws RequestError("WHAT: expected one of ...") with the nearest name.
const Metric& find_metric(const std::string& name, const std::string& what = "--metric");

}  // namespace ravine
