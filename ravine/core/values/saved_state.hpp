#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/core/values/vector.hpp"

namespace ravine {

/// What something has to keep so that it goes on bit for bit: named tensors of any shape and precision,
/// numbers and counters. It refers to where they are, so that one list serves to save them and to restore
/// them; it holds as long as what it refers to.
struct SavedState {
    struct Tensor {
        std::string name;
        Shape shape;
        Vector* values;
    };
    struct Number {
        std::string name;
        double* value;  ///< may be infinite or NaN
    };
    struct Counter {
        std::string name;
        int64_t* value;  ///< at least 0
    };
    std::vector<Tensor> tensors = {};
    std::vector<Number> numbers = {};
    std::vector<Counter> counters = {};

    /// Appends what a part of something keeps, under names that begin with `prefix`.
    void append(const std::string& prefix, const SavedState& part);
    /// The tensor of that name, or nullptr.
    Vector* find(const std::string& name) const;
};

}  // namespace ravine
