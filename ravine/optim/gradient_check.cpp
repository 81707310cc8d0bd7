#include "ravine/optim/gradient_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"

namespace ravine {

double relative_error(double analytic, double numeric) {
    const double larger = std::max(std::abs(analytic), std::abs(numeric));
    return larger == 0 ? 0 : std::abs(analytic - numeric) / larger;
}

bool CheckedElement::is_within_rounding() const { return std::abs(analytic - numeric) <= rounding; }

bool CheckedElement::is_too_small() const {
    return rounding > 1e-4 * std::max(std::abs(analytic), std::abs(numeric));
}

bool CheckedElement::is_below_active_range() const {
    return std::max(std::abs(analytic), std::abs(numeric)) < 1e-10;
}

void check_gradient(const Vector& gradient, Parameters& at, std::span<const int64_t> indices, double step,
                    const std::function<Probe(const Parameters&)>& probe,
                    const std::function<bool(const CheckedElement&)>& checked) {
    require(at.values().precision() == Precision::f64, "a gradient is checked in double precision");
    for (const int64_t i : indices) {
        const double theta = at.values().at(i);
        const double h = step * std::max(1.0, std::abs(theta));
        at.write().set(i, theta + h);
        const double above_at = at.values().at(i);
        const Probe above = probe(at);
        at.write().set(i, theta - h);
        const double below_at = at.values().at(i);
        const Probe below = probe(at);
        at.write().set(i, theta);
        // The quotient over the distance that was really moved, which is not exactly 2h.
        const double distance = above_at - below_at;
        // A loss is a sum of many terms: each value is right to a few units of its last place.
        constexpr double units = 8 * std::numeric_limits<double>::epsilon();
        const CheckedElement element{
            .index = i,
            .analytic = gradient.at(i),
            .numeric = (above.value - below.value) / distance,
            .rounding = units * std::max(std::abs(above.value), std::abs(below.value)) / distance,
            .crosses_kink = above.choices != below.choices};
        if (!checked(element)) return;
    }
}

GradientSummary summarize_check(std::span<const CheckedElement> elements) {
    GradientSummary summary{.checked = std::ssize(elements)};
    std::vector<double> errors;
    for (size_t i = 0; i < elements.size(); ++i) {
        const CheckedElement& e = elements[i];
        summary.below_active_range += e.is_below_active_range() ? 1 : 0;
        if (e.crosses_kink) {
            ++summary.kinks;
            continue;
        }
        // NaN is the worst of all.
        const double error = std::isnan(e.error()) ? std::numeric_limits<double>::infinity() : e.error();
        if (!e.is_within_rounding()) summary.unexplained = std::max(summary.unexplained, error);
        if (e.is_too_small()) {
            ++summary.too_small;
            continue;
        }
        errors.push_back(error);
        if (summary.worst >= 0 && error <= summary.largest) continue;
        summary.largest = error;
        summary.worst = static_cast<int64_t>(i);
    }
    summary.counted = std::ssize(errors);
    if (errors.empty()) return summary;
    const auto middle = errors.begin() + static_cast<int64_t>(errors.size() / 2);
    std::ranges::nth_element(errors, middle);
    summary.median = *middle;
    return summary;
}

GradientVerdict judge(double largest_error, int64_t layers, bool has_kinks) {
    if (largest_error <= 1e-7) return GradientVerdict::right;
    if (largest_error <= 1e-4 && has_kinks) return GradientVerdict::acceptable;
    if (largest_error <= 1e-2 && layers >= 10) return GradientVerdict::acceptable;
    return largest_error <= 1e-2 ? GradientVerdict::doubtful : GradientVerdict::wrong;
}

std::string explain(GradientVerdict verdict) {
    switch (verdict) {
        case GradientVerdict::right:
            return "right: no relative error above 1e-7 but by rounding";
        case GradientVerdict::acceptable:
            return "acceptable: errors up to 1e-4 are usual with kinks, up to 1e-2 in ten layers or more";
        case GradientVerdict::doubtful:
            return "doubtful: errors between 1e-7 and 1e-2 without a kink or a depth that explains them; try "
                   "another --step";
        default:
            return "wrong: an error above 1e-2 that neither a kink nor rounding explains";
    }
}

}  // namespace ravine
