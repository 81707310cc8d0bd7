#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ravine/core/values/parameters.hpp"

namespace ravine {

/// What is set for parts of the parameters, by patterns over the names of tensors: `*` stands for any
/// characters, dots too, `?` for one, `[ab]` for one of several ("0.*" is "0.weight" and "0.bias").
struct ParameterGroups {
    std::vector<std::string> frozen = {};
    /// Factors of the learning rate. Of several that match a tensor the last one counts.
    std::vector<std::pair<std::string, double>> rates = {};
};

/// Reads patterns joined by ',', and PATTERN=FACTOR joined by ','; "none" is nothing. Throws RequestError,
/// which begins with "freeze" or "rate_of", for other forms and for a factor that is not above 0.
ParameterGroups parse_groups(const std::string& freeze, const std::string& rate_of);

/// The layout with the groups applied: Slice::trainable and Slice::rate. Throws RequestError for a pattern
/// that matches no tensor, with the nearest that would, and where nothing is left to train.
ParameterLayout with_groups(ParameterLayout layout, const ParameterGroups& groups);

/// Elements of the tensors that are trained.
int64_t trained_size(const ParameterLayout& layout);

}  // namespace ravine
