#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/core/values/task.hpp"
#include "ravine/data/files/rows.hpp"

namespace ravine {

/// n examples: their features, row by row, in memory or in a mapped file, and their targets.
struct Dataset {
    std::string name = {};
    Task task = Task::classification;
    Shape feature_shape = {};  ///< of one example: {2}; images are height x width x channels: {28, 28, 1}
    /// n x element_count(feature_shape) numbers; a byte b means the number b / 255. Those of a table that
    /// single precision would round are doubles: seconds since 1970 differ in digits that it does not have.
    std::variant<Rows<float>, Rows<uint8_t>, Rows<double>> features = {};
    std::vector<int32_t> labels = {};  ///< classification: n class indices; empty where they are not known
    /// Regression: n x output_count numbers; multi-label: n x output_count zeros and ones; empty where they
    /// are not known. An autoencoding has none: its targets are the features, which are not copied.
    std::vector<double> values = {};
    int64_t output_count = 0;  ///< the number of classes or labels, or of numbers to predict per example
    std::vector<std::string> classes = {};  ///< names of the classes or labels; empty for numbers to predict
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
    /// Target `output` of example `example`, before normalisation: the number to predict, of a multi-label
    /// set 0 or 1. Not for classification.
    double value(int64_t example, int64_t output) const;
    /// Throws std::logic_error where the members contradict each other (sizes, labels outside the classes,
    /// values of a multi-label set other than 0 and 1).
    void check() const;
};

}  // namespace ravine
