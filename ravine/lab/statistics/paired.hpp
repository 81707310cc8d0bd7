#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ravine {

/// a[i] - b[i], with equal differences as equal numbers and no difference as 0, so that ranks see ties where
/// there are ties. Accuracies are counts over a number of examples, but 0.9 - 0.8 and 0.8 - 0.7 are two
/// numbers in floating point.
///
/// Where every number is an integer over `denominator` (0: none is known), the differences are those of the
/// integers. Otherwise each number is taken to be known to 16 roundings of its own size, 16 eps |a[i]|:
/// differences that are apart by no more than what this makes of them are one number, and those that are no
/// larger are 0. Two infinities of one sign do not differ; one infinity makes a difference infinite. NaN is
/// refused as a logic error.
std::vector<double> paired_differences(std::span<const double> a, std::span<const double> b,
                                       int64_t denominator = 0);

/// Whether pairs differ, by the signs and ranks of their differences.
struct SignedRankTest {
    int64_t pairs = 0;   ///< differences that are not zero: the others say nothing and are left out
    double p_value = 1;  ///< two-sided
    double effect = 0;   ///< the matched-pairs rank-biserial correlation (Kerby 2014), in [-1, 1]
};

/// The signed-rank test (Wilcoxon 1945) with its exact distribution: of all 2^n ways to give the ranks of
/// |difference| signs, the share with a rank sum at least as far from the middle. Ties share their mean rank;
/// infinite differences (a run that diverged) rank above all others. NaN is refused as a logic error. Equal
/// differences must be equal numbers: see paired_differences().
SignedRankTest signed_rank_test(std::span<const double> differences);

/// By how much pairs differ.
struct Shift {
    int64_t pairs = 0;         ///< all of them, zeros included
    double estimate = 0;       ///< NaN without pairs
    double low = 0, high = 0;  ///< the 95 % interval; -inf and inf where there are fewer than 6 pairs

    bool has_interval() const { return pairs >= fewest_pairs; }
    /// The fewest pairs from which any difference can be shown at the 5 % level: 2 / 2^6 < 0.05.
    static constexpr int64_t fewest_pairs = 6;
};

/// The middle of paired differences: the median of their Walsh averages (d_i + d_j) / 2, i <= j (Hodges and
/// Lehmann 1963), and its 95 % interval from the exact distribution of the signed-rank statistic, from the
/// k-th smallest to the k-th largest average with the largest k such that P(T < k) <= 0.025. With ties the
/// closed interval covers the middle with at least 95 % (Noether 1967). An infinite difference has infinite
/// averages with all but its opposite, with which it has 0.
Shift hodges_lehmann(std::span<const double> differences);

/// What a test and an interval say together.
enum class Evidence { none, positive, negative };
/// Positive or negative only where the p-value is below 0.05 and the interval is wholly on that side of 0.
/// Without ties the two agree. The test leaves zeros out and knows the ties; the interval has them in, so
/// with many of them it is the more careful one: ten gains and ten zeros have p 0.002, and an interval that
/// begins at 0. `p_value` may be an adjusted one.
Evidence evidence(const Shift& shift, double p_value);

/// p-values raised so that the chance of any false finding among all stays what one would have (Holm 1979).
std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace ravine
