#include "ravine/lab/statistics/paired.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

constexpr double without_end = std::numeric_limits<double>::infinity();
constexpr double error_rate = 0.05;

/// What rounding may have done to a number on its way here: an accuracy is one quotient, a mean of losses or
/// a sum of changes has a few more operations behind it.
double rounding_of(double x) { return 16 * std::numeric_limits<double>::epsilon() * std::abs(x); }

double infinite_difference(double a, double b) { return a == b ? 0 : a - b; }

/// The differences of the counts; nothing where a number is not a count over the denominator.
std::optional<std::vector<double>> count_differences(std::span<const double> a, std::span<const double> b,
                                                     int64_t denominator) {
    constexpr int64_t most = int64_t{1} << 40;  // beyond, a double's last place is near a whole count
    if (denominator <= 0 || denominator > most) return {};
    const auto of = static_cast<double>(denominator);
    const auto is_count = [&](double x) {
        return std::isinf(x) || (std::abs(x * of) < 1e15 && std::abs(x * of - std::round(x * of)) < 0.01);
    };
    if (!std::ranges::all_of(a, is_count) || !std::ranges::all_of(b, is_count)) return {};
    std::vector<double> differences(a.size());
    for (size_t i = 0; i < a.size(); ++i)
        differences[i] = std::isinf(a[i]) || std::isinf(b[i])
                             ? infinite_difference(a[i], b[i])
                             : (std::round(a[i] * of) - std::round(b[i] * of)) / of;
    return differences;
}

/// The differences, those of one size within rounding made equal.
std::vector<double> rounded_differences(std::span<const double> a, std::span<const double> b) {
    struct Size {
        double size, bound;
        size_t place;
    };
    std::vector<double> differences(a.size());
    std::vector<Size> sizes;
    for (size_t i = 0; i < a.size(); ++i) {
        if (std::isinf(a[i]) || std::isinf(b[i])) {
            differences[i] = infinite_difference(a[i], b[i]);
            continue;
        }
        differences[i] = a[i] - b[i];
        const double bound = rounding_of(a[i]) + rounding_of(b[i]);
        if (std::abs(differences[i]) <= bound)
            differences[i] = 0;
        else
            sizes.push_back({std::abs(differences[i]), bound, i});
    }
    std::ranges::sort(sizes, {}, &Size::size);
    for (size_t k = 1; k < sizes.size(); ++k) {
        const Size& before = sizes[k - 1];
        if (sizes[k].size - before.size > before.bound + sizes[k].bound) continue;
        double& difference = differences[sizes[k].place];
        difference = std::copysign(differences[before.place], difference);
    }
    return differences;
}

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
    int64_t largest = 0;  // sum so far
    for (const int64_t rank : ranks) {
        largest += rank;
        for (int64_t sum = largest; sum >= 0; --sum) {
            const double with = sum >= rank ? probability[static_cast<size_t>(sum - rank)] : 0;
            probability[static_cast<size_t>(sum)] = (probability[static_cast<size_t>(sum)] + with) / 2;
        }
    }
    return probability;
}

/// The largest k such that the sum of the positive ranks of n pairs without ties is below k with a chance of
/// at most error_rate / 2; 0 where there is none.
int64_t order_of_bound(int64_t n) {
    std::vector<int64_t> ranks(static_cast<size_t>(n));
    std::iota(ranks.begin(), ranks.end(), int64_t{1});
    const auto probability = sum_distribution(ranks);
    int64_t k = 0;
    for (double below = probability[0]; below <= error_rate / 2; below += probability[static_cast<size_t>(k)])
        ++k;
    return k;
}

/// The middle of two numbers; of an infinite one and its opposite 0.
double middle(double a, double b) { return a == -b ? 0 : a / 2 + b / 2; }

}  // namespace

std::vector<double> paired_differences(std::span<const double> a, std::span<const double> b,
                                       int64_t denominator) {
    require(a.size() == b.size(), "{} numbers beside {}", a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i)
        require(!std::isnan(a[i]) && !std::isnan(b[i]), "a number of a pair is not a number");
    if (auto differences = count_differences(a, b, denominator)) return std::move(*differences);
    return rounded_differences(a, b);
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

Shift hodges_lehmann(std::span<const double> differences) {
    Shift shift{.pairs = std::ssize(differences),
                .estimate = std::numeric_limits<double>::quiet_NaN(),
                .low = -without_end,
                .high = without_end};
    if (differences.empty()) return shift;
    std::vector<double> averages;
    averages.reserve(differences.size() * (differences.size() + 1) / 2);
    for (size_t i = 0; i < differences.size(); ++i)
        for (size_t j = 0; j <= i; ++j) {
            require(!std::isnan(differences[i]), "a difference is not a number");
            averages.push_back(middle(differences[i], differences[j]));
        }
    std::ranges::sort(averages);
    const size_t count = averages.size();
    shift.estimate = middle(averages[(count - 1) / 2], averages[count / 2]);
    if (const auto k = static_cast<size_t>(order_of_bound(shift.pairs)); k > 0) {
        shift.low = averages[k - 1];
        shift.high = averages[count - k];
    }
    return shift;
}

Evidence evidence(const Shift& shift, double p_value) {
    if (!(p_value < error_rate)) return Evidence::none;
    return shift.low > 0 ? Evidence::positive : shift.high < 0 ? Evidence::negative : Evidence::none;
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
