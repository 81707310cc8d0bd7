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
    /// The 95 % confidence interval of the mean, mean -+ t deviation / sqrt(n), t the 97.5 % quantile of
    /// Student's distribution with n - 1 degrees of freedom ("Student" 1908); NaN for fewer than two numbers.
    double confidence_low = 0, confidence_high = 0;
};

/// All NaN, with count 0, for an empty sample. Numbers must be finite.
Summary summarize(std::span<const double> sample);

/// The q-quantile of a sample, interpolated linearly between order statistics (Hyndman and Fan 1996, type 7).
/// NaN for an empty sample; q in [0, 1].
double quantile(std::span<const double> sample, double q);

/// The value that a variable of Student's distribution with `degrees` degrees of freedom stays below with
/// probability `p` in [0.5, 1).
double student_quantile(double p, double degrees);

/// Whether pairs differ, by the signs and ranks of their differences.
struct SignedRankTest {
    int64_t pairs = 0;   ///< differences that are not zero: the others say nothing and are left out
    double p_value = 1;  ///< two-sided
    double effect = 0;   ///< the matched-pairs rank-biserial correlation (Kerby 2014), in [-1, 1]
};

/// The signed-rank test (Wilcoxon 1945) with its exact distribution: of all 2^n ways to give the ranks of
/// |difference| signs, the share with a rank sum at least as far from the middle. Ties share their mean rank;
/// infinite differences (a run that diverged) rank above all others. NaN is refused as a logic error.
SignedRankTest signed_rank_test(std::span<const double> differences);

/// p-values raised so that the chance of any false finding among all stays what one would have (Holm 1979).
std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace ravine
