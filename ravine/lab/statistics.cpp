#include "ravine/lab/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unsupported/Eigen/SpecialFunctions>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Twice the rank of each number among all, so that the mean rank of ties is an integer too.
std::vector<int64_t> doubled_ranks(const std::vector<double>& sorted) {
    std::vector<int64_t> ranks(sorted.size());
    for (size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
        while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
        std::fill(ranks.begin() + static_cast<int64_t>(begin), ranks.begin() + static_cast<int64_t>(end),
                  static_cast<int64_t>(begin + 1 + end));
    }
    return ranks;
}

/// The probability of each sum of the ranks that get a plus sign, each with probability 1/2.
std::vector<double> sum_distribution(const std::vector<int64_t>& ranks) {
    std::vector<double> probability(
        static_cast<size_t>(std::accumulate(ranks.begin(), ranks.end(), int64_t{0})) + 1, 0);
    probability[0] = 1;
    for (const int64_t rank : ranks)
        for (int64_t sum = std::ssize(probability) - 1; sum >= 0; --sum) {
            const double with = sum >= rank ? probability[static_cast<size_t>(sum - rank)] : 0;
            probability[static_cast<size_t>(sum)] = (probability[static_cast<size_t>(sum)] + with) / 2;
        }
    return probability;
}

}  // namespace

double quantile(std::span<const double> sample, double q) {
    if (sample.empty()) return undefined;
    std::vector<double> sorted(sample.begin(), sample.end());
    std::ranges::sort(sorted);
    const double place = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double student_quantile(double p, double degrees) {
    require(p >= 0.5 && p < 1 && degrees > 0, "a quantile of Student's distribution at {} with {} degrees", p,
            degrees);
    // P(T > t) = I_x(degrees/2, 1/2) / 2 with x = degrees / (degrees + t^2), which falls as t grows.
    const auto above = [degrees](double t) {
        const double x = degrees / (degrees + t * t);
        const auto scalar = [](double value) { return Eigen::Array<double, 1, 1>::Constant(value); };
        return Eigen::betainc(scalar(degrees / 2), scalar(0.5), scalar(x))(0) / 2;
    };
    double low = 0, high = 1;
    while (above(high) > 1 - p) high *= 2;
    for (int halving = 0; halving < 100; ++halving) {
        const double middle = (low + high) / 2;
        (above(middle) > 1 - p ? low : high) = middle;
    }
    return (low + high) / 2;
}

Summary summarize(std::span<const double> sample) {
    const auto n = static_cast<double>(sample.size());
    if (sample.empty())
        return {0, undefined, undefined, undefined, undefined, undefined, undefined, undefined};
    Summary summary{.count = std::ssize(sample),
                    .mean = std::accumulate(sample.begin(), sample.end(), 0.0) / n,
                    .deviation = undefined,
                    .median = quantile(sample, 0.5),
                    .low = *std::ranges::min_element(sample),
                    .high = *std::ranges::max_element(sample),
                    .confidence_low = undefined,
                    .confidence_high = undefined};
    if (sample.size() < 2) return summary;
    double squares = 0;
    for (const double x : sample) squares += (x - summary.mean) * (x - summary.mean);
    summary.deviation = std::sqrt(squares / (n - 1));
    const double half_width = student_quantile(0.975, n - 1) * summary.deviation / std::sqrt(n);
    summary.confidence_low = summary.mean - half_width;
    summary.confidence_high = summary.mean + half_width;
    return summary;
}

SignedRankTest signed_rank_test(std::span<const double> differences) {
    std::vector<double> nonzero;
    for (const double difference : differences) {
        require(!std::isnan(difference), "a difference is not a number");
        if (difference != 0) nonzero.push_back(difference);
    }
    SignedRankTest test{.pairs = std::ssize(nonzero)};
    if (nonzero.empty()) return test;
    std::ranges::sort(nonzero, {}, [](double x) { return std::abs(x); });
    std::vector<double> sizes(nonzero.size());
    std::ranges::transform(nonzero, sizes.begin(), [](double x) { return std::abs(x); });
    const std::vector<int64_t> ranks = doubled_ranks(sizes);
    int64_t total = 0, plus = 0;
    for (size_t i = 0; i < ranks.size(); ++i) {
        total += ranks[i];
        if (nonzero[i] > 0) plus += ranks[i];
    }
    test.effect = static_cast<double>(2 * plus - total) / static_cast<double>(total);
    const auto probability = sum_distribution(ranks);
    double p = 0;
    for (int64_t sum = 0; sum <= total; ++sum)
        if (std::abs(2 * sum - total) >= std::abs(2 * plus - total))
            p += probability[static_cast<size_t>(sum)];
    test.p_value = std::min(1.0, p);
    return test;
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
    std::vector<size_t> order(p_values.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [&](size_t i) { return p_values[i]; });
    std::vector<double> adjusted(p_values.size());
    double largest = 0;
    for (size_t k = 0; k < order.size(); ++k) {
        largest = std::max(largest, static_cast<double>(order.size() - k) * p_values[order[k]]);
        adjusted[order[k]] = std::min(1.0, largest);
    }
    return adjusted;
}

}  // namespace ravine
