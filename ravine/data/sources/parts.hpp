#pragma once

#include <optional>

#include "ravine/data/dataset.hpp"
#include "ravine/data/sources/catalog.hpp"

namespace ravine {

/// How much of a set goes to validation and to test.
struct Shares {
    double validation, test;
};

/// The shares that the request asks for, else the usual ones. Throws RequestError where one is not in [0, 1),
/// or both together leave nothing to train on.
Shares shares_of(const DataRequest& request, Shares usual);

/// The shares for a set with a test part of its own, whose usual share for validation is given. Throws
/// RequestError, before any file is looked for, where the request wants a test share, a target or a task.
Shares own_test_shares(const DataRequest& request, double validation);

/// Throws RequestError where the request names a target or a task, for a set that has no columns to choose.
void refuse_columns(const DataRequest& request);

/// Cuts `data` into parts, or into those beside a test part of its own, where it has one. The schema is that
/// of the training part; there are no notes yet.
Parts split_parts(const Dataset& data, Shares shares, const DataRequest& request);

/// The examples to train on, and the parts that a set brings of its own.
struct GivenParts {
    Dataset training = {};
    std::optional<Dataset> validation = {}, test = {};
};

/// Splits off what is not given: 20 % for the test part and for validation, where a test part is given 10 %.
/// Notes how many examples each part has. Throws RequestError where the request wants a share for a part that
/// is given.
Parts split_given(const GivenParts& given, const DataRequest& request);

/// Notes how many examples each part has.
void note_sizes(Parts& parts);

}  // namespace ravine
