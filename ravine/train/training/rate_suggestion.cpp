#include "ravine/train/training/rate_suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace ravine {
namespace {

/// The rows before the first whose loss is not finite.
std::span<const SweptRate> finite_rows(const RateSweep& sweep) {
    const auto end = std::ranges::find_if_not(
        sweep.rows, [](const SweptRate& row) { return std::isfinite(row.smoothed); });
    return {sweep.rows.begin(), end};
}

struct LossSpread {
    double mean = 0, deviation = 0;
};

LossSpread spread_of_losses(std::span<const SweptRate> rows) {
    const auto count = static_cast<double>(rows.size());
    LossSpread result;
    for (const auto& row : rows) result.mean += row.loss / count;
    for (const auto& row : rows)
        result.deviation += (row.loss - result.mean) * (row.loss - result.mean) / count;
    result.deviation = std::sqrt(result.deviation);
    return result;
}

/// Rows in a quarter of a decade of rates, at least one.
size_t quarter_decade(std::span<const SweptRate> rows) {
    const double decades = std::log10(rows[1].rate / rows[0].rate);
    return static_cast<size_t>(std::max(1.0, std::round(0.25 / decades)));
}

/// The row in [first, lowest] around which the smoothed loss falls most from `reach` rows before it to
/// `reach` rows behind it.
size_t steepest_row(std::span<const SweptRate> rows, size_t first, size_t lowest, size_t reach) {
    size_t best = lowest;
    double fall = 0;
    for (size_t i = std::max(first, reach); i <= lowest && i + reach < rows.size(); ++i) {
        const double here = rows[i - reach].smoothed - rows[i + reach].smoothed;
        if (here <= fall) continue;
        fall = here;
        best = i;
    }
    return best;
}

}  // namespace

RateSuggestion suggest_rate(const RateSweep& sweep) {
    RateSuggestion result;
    if (sweep.end == SweepEnd::exploded || sweep.end == SweepEnd::not_finite)
        result.burst = sweep.rows.back().rate;
    const auto rows = finite_rows(sweep);
    const size_t first = std::max<size_t>(5, sweep.rows.size() / 10);
    if (rows.size() <= first) {
        result.reason = rows.size() < sweep.rows.size()
                            ? fmt::format("the loss is not finite after {} updates, at the rate {:.3g}",
                                          rows.size(), sweep.rows[rows.size()].rate)
                            : fmt::format("the sweep ended after {} updates", rows.size());
        return result;
    }
    const LossSpread beginning = spread_of_losses(rows.first(first));
    const auto lowest = static_cast<size_t>(
        std::ranges::min_element(rows.subspan(first), {}, &SweptRate::smoothed) - rows.begin());
    const double reached = spread_of_losses(rows.subspan(lowest + 1 - first, first)).mean;
    if (!(beginning.mean - reached > std::max(beginning.deviation, 0.01 * std::abs(beginning.mean)))) {
        result.reason = fmt::format(
            "the loss never falls: {:.4g} is its mean over the first {} updates, with a scatter of {:.2g}, "
            "and {:.4g} over those up to its lowest",
            beginning.mean, first, beginning.deviation, reached);
        return result;
    }
    const size_t reach = quarter_decade(rows), steepest = steepest_row(rows, first, lowest, reach);
    result.steepest = rows[steepest].rate;
    result.lowest = rows[lowest].rate;
    result.reason = fmt::format("steepest descent at {:.2g}; ", *result.steepest);
    if (!result.burst && lowest + reach >= rows.size() - 1) {
        result.rate = result.steepest;
        result.reason += fmt::format(
            "the loss still falls at {:.2g}, near the end of the sweep, and larger "
            "rates may be better",
            *result.lowest);
    } else {
        result.rate = std::min(*result.steepest, *result.lowest / 10);
        result.reason += fmt::format("a tenth of the rate {:.2g} at which the loss begins to rise: {:.2g}",
                                     *result.lowest, *result.lowest / 10);
    }
    if (steepest <= std::max(first, reach))
        result.reason += "; it falls from the first rates on: a sweep from a smaller one tells more";
    return result;
}

}  // namespace ravine
