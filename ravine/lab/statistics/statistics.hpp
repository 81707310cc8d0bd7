#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ravine {

/// A sample of numbers in a few.
struct Summary {
    int64_t count = 0;
    double mean = 0, deviation = 0;  ///< deviation with n - 1; NaN for fewer than two numbers
    double median = 0, low = 0, high = 0;
    /// The 95 % confidence interval of the mean, mean -+ h with h = t deviation / sqrt(n), t the 97.5 %
    /// quantile of Student's distribution with n - 1 degrees of freedom ("Student" 1908); NaN for fewer than
    /// two numbers. Of shares it is the logit interval: log(mean / (1 - mean)) -+ h / (mean (1 - mean)),
    /// taken back (the delta method). It lies inside [0, 1] and is longer towards 1/2; far from 0 and 1 the
    /// two are the same.
    double confidence_low = 0, confidence_high = 0;
};

/// What the numbers of a sample may be.
enum class Values { any, shares };  ///< shares: in [0, 1]

/// All NaN, with count 0, for an empty sample. Numbers must be finite.
Summary summarize(std::span<const double> sample, Values values = Values::any);

/// The q-quantile of a sample, interpolated linearly between order statistics (Hyndman and Fan 1996, type 7).
/// NaN for an empty sample; q in [0, 1]. Between a finite number and an infinite one lies the infinite one.
double quantile(std::span<const double> sample, double q);

/// The smallest cost by which at least half of the trials had got to a target, where the cost of those that
/// never did is infinite: infinite where fewer than half did. It is the median of Kaplan and Meier (1958) for
/// trials of which all others are known to have arrived. NaN for no trials.
double median_cost(std::span<const double> costs);

/// The value that a variable of Student's distribution with `degrees` degrees of freedom stays below with
/// probability `p` in [0.5, 1).
double student_quantile(double p, double degrees);

}  // namespace ravine
