#pragma once

#include <cstdint>
#include <vector>

#include "ravine/data/dataset.hpp"

namespace ravine {

/// x -> (x - mean) / deviation, with one mean and deviation for each index of the last axis of an example:
/// each feature of a table ({d}), each channel of an image ({h, w, c}). Deviations are population ones
/// (divided by n).
struct Normalization {
    std::vector<double> mean = {}, deviation = {};

    /// Leaves every number as it is.
    static Normalization identity(int64_t channels);
    /// From the features of the training part, in double precision. A channel that does not vary gets
    /// deviation 1: one of n numbers whose variance v is within n eps v + (n eps mean)^2, eps = 2^-52, which
    /// may be rounding alone (as in scikit-learn's StandardScaler; Chan, Golub and LeVeque 1983, table 1).
    /// Throws std::logic_error for an empty set.
    static Normalization fit(const Dataset& training);
    /// From the numbers to predict, per target: the values of a regression, the features of an autoencoding.
    static Normalization fit_values(const Dataset& training);
    /// The same with deviation 0 for what does not vary.
    static Normalization moments_of_values(const Dataset& training);

    int64_t channels() const { return static_cast<int64_t>(mean.size()); }
    double apply(double x, int64_t channel) const;
    double undo(double x, int64_t channel) const;
    bool operator==(const Normalization&) const = default;
};

}  // namespace ravine
