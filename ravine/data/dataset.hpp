#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ravine/core/shape.hpp"
#include "ravine/data/rows.hpp"

namespace ravine {

/// What is learned: one of several classes, or numbers.
enum class Task { classification, regression };

/// "classification" or "regression".
std::string to_string(Task task);

/// Reads "classification" or "regression"; throws RequestError("WHAT: expected ...") for anything else.
Task parse_task(const std::string& what, const std::string& text);

/// n examples: their features, row by row, in memory or in a mapped file, and their targets.
struct Dataset {
    std::string name = {};
    Task task = Task::classification;
    Shape feature_shape = {};  ///< of one example: {2}; images are height x width x channels: {28, 28, 1}
    /// n x element_count(feature_shape) numbers; a byte b means the number b / 255.
    std::variant<Rows<float>, Rows<uint8_t>> features = {};
    std::vector<int32_t> labels = {};  ///< classification: n class indices; empty where they are not known
    std::vector<float> values = {};    ///< regression: n x output_count; empty where they are not known
    int64_t output_count = 0;          ///< the number of classes, or of targets per example
    std::vector<std::string> classes = {};  ///< names of the classes; empty for regression
    std::vector<std::string> columns = {};  ///< names of the features where they have names, else empty
    std::string target = {};                ///< name of the target column where it has one

    /// The number n of examples.
    int64_t size() const;
    /// Whether every example has its target; false for data to predict.
    bool labelled() const;
    /// The given examples, in the given order (repeats allowed), with everything else alike. The features are
    /// shared, not copied.
    Dataset subset(std::span<const int64_t> examples) const;
    /// Feature `index` (row-major within the example) of example `example`, as a number.
    double feature(int64_t example, int64_t index) const;
    /// Throws std::logic_error where the members contradict each other (sizes, labels outside the classes).
    void check() const;
};

}  // namespace ravine
