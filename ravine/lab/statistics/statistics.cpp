#include "ravine/lab/statistics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unsupported/Eigen/SpecialFunctions>

#include "ravine/core/error.hpp"
#include "ravine/core/values/undefined.hpp"

namespace ravine {
namespace {

/// log(share / (1 - share)) -+ its half width, and back. A mean of 0 or 1 has no spread: it is its own
/// interval.
void set_share_interval(Summary& s, double half_width) {
    const double spread = s.mean * (1 - s.mean);
    if (!(spread > 0)) {
        s.confidence_low = s.confidence_high = s.mean;
        return;
    }
    const double odds = s.mean / (1 - s.mean), factor = std::exp(half_width / spread);
    const auto share_of = [](double x) { return x / (1 + x); };
    s.confidence_low = share_of(odds / factor);
    s.confidence_high = std::isinf(odds * factor) ? 1 : share_of(odds * factor);
}

}  // namespace

double quantile(std::span<const double> sample, double q) {
    if (sample.empty()) return undefined;
    std::vector<double> sorted(sample.begin(), sample.end());
    std::ranges::sort(sorted);
    const double place = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    const double share = place - static_cast<double>(below);
    if (share == 0 || sorted[below] == sorted[above]) return sorted[below];
    if (std::isinf(sorted[below])) return std::isinf(sorted[above]) ? undefined : sorted[below];
    return sorted[below] + share * (sorted[above] - sorted[below]);
}

double median_cost(std::span<const double> costs) {
    if (costs.empty()) return undefined;
    std::vector<double> sorted(costs.begin(), costs.end());
    std::ranges::sort(sorted);
    return sorted[(sorted.size() - 1) / 2];
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

Summary summarize(std::span<const double> sample, Values values) {
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
    if (values == Values::shares) {
        set_share_interval(summary, half_width);
        return summary;
    }
    summary.confidence_low = summary.mean - half_width;
    summary.confidence_high = summary.mean + half_width;
    return summary;
}

}  // namespace ravine
