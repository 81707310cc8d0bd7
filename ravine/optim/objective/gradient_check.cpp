#include "ravine/optim/objective/gradient_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/values/random.hpp"

namespace ravine {

double relative_error(double analytic, double numeric) {
    const double larger = std::max(std::abs(analytic), std::abs(numeric));
    return larger == 0 ? 0 : std::abs(analytic - numeric) / larger;
}

bool CheckedElement::is_explained() const { return std::abs(analytic - numeric) <= uncertainty; }

bool CheckedElement::is_too_small() const {
    return uncertainty > 1e-4 * std::max(std::abs(analytic), std::abs(numeric));
}

bool CheckedElement::is_below_active_range() const {
    return std::max(std::abs(analytic), std::abs(numeric)) < 1e-10;
}

namespace {

using ProbeFunction = std::function<Probe(const Parameters&)>;

/// What is agreement without a further look.
constexpr double agreement = 1e-7;

constexpr int noise_points = 9;

/// The values of a function at points on a line through `at`, `spacing` apart in each parameter.
std::vector<double> values_on_a_line(Parameters& at, const ProbeFunction& probe, double spacing) {
    const Vector origin = at.values();
    RandomSequence random({.seed = 0, .purpose = Purpose::sampling});
    std::vector<double> direction;
    for (int64_t i = 0; i < origin.size(); ++i)
        direction.push_back((random.uniform() < 0.5 ? -spacing : spacing) *
                            std::max(1.0, std::abs(origin.at(i))));
    std::vector<double> values;
    for (int k = 0; k < noise_points; ++k) {
        Vector moved = origin;
        for (int64_t i = 0; i < origin.size(); ++i)
            moved.set(i, origin.at(i) + k * direction[static_cast<size_t>(i)]);
        at.write()->assign(moved);
        values.push_back(probe(at).value);
    }
    at.write()->assign(origin);
    return values;
}

/// The standard deviation of what rounding adds to values which would else lie on a straight line, by their
/// third to fifth differences.
double noise_in(std::vector<double> values) {
    double noise = 0, gamma = 1;  // gamma: (k!)^2 / (2k)!
    for (int k = 1; k <= 5; ++k) {
        gamma *= k / (2.0 * (2 * k - 1));
        double squares = 0;
        for (size_t i = 0; i + 1 < values.size(); ++i) {
            values[i] = values[i + 1] - values[i];
            squares += values[i] * values[i];
        }
        values.pop_back();
        if (k >= 3) noise = std::max(noise, std::sqrt(gamma * squares / static_cast<double>(values.size())));
    }
    return std::isfinite(noise) ? noise : 0;
}

/// The noise of a function beside a point (More and Wild 2011, section 4): so near that the function is a
/// straight line, but not so near that most of its values are the same.
double noise_of(Parameters& at, const ProbeFunction& probe) {
    for (const double spacing : {1e-13, 1e-11}) {
        const auto values = values_on_a_line(at, probe, spacing);
        int same = 0;
        for (size_t i = 1; i < values.size(); ++i) same += values[i] == values[i - 1] ? 1 : 0;
        if (2 * same < noise_points) return noise_in(values);
    }
    return noise_in(values_on_a_line(at, probe, 1e-9));
}

/// A central difference.
struct Difference {
    double quotient, rounding;
    bool crosses_kink;
};

/// Takes differences of a function along one parameter after another.
class Differences {
public:
    Differences(Parameters& at, const ProbeFunction& probe)
        : at_(at), probe_(probe), noise_(noise_of(at, probe)), choices_(probe(at).choices) {}

    /// (F(theta + h) - F(theta - h)) / 2h, over the distance that was really moved, which is not exactly 2h.
    Difference operator()(int64_t i, double h) {
        const double theta = at_.values().at(i);
        at_.write()->set(i, theta + h);
        const double above_at = at_.values().at(i);
        const Probe above = probe_(at_);
        at_.write()->set(i, theta - h);
        const double below_at = at_.values().at(i);
        const Probe below = probe_(at_);
        at_.write()->set(i, theta);
        const double distance = above_at - below_at;
        // A loss is a sum of many terms: each value is right to a few units of its last place, or, where it
        // was measured to be worse, to some standard deviations of its noise.
        constexpr double units = 8 * std::numeric_limits<double>::epsilon();
        const double largest = std::max(std::abs(above.value), std::abs(below.value));
        return {(above.value - below.value) / distance, std::max(units * largest, 10 * noise_) / distance,
                above.choices != choices_ || below.choices != choices_};
    }

private:
    Parameters& at_;
    const ProbeFunction& probe_;
    double noise_;
    uint64_t choices_;
};

/// The derivative by extrapolation of ever shorter steps from h on, whose difference is known already. The
/// entry (k, j) of Neville's table joins the steps h 2^(j - k), ..., h 2^-k; its error is taken for its
/// distance to the two entries that it was made of, and the one with the smallest is kept (Ridders 1982).
void extrapolate(CheckedElement& element, Differences& differences, double h, const Difference& first) {
    constexpr int halvings = 10;
    std::vector<double> row{first.quotient}, before;
    double least = std::numeric_limits<double>::infinity();
    for (int k = 1; k <= halvings; ++k) {
        h /= 2;
        const Difference difference = differences(element.index, h);
        element.crosses_kink |= difference.crosses_kink;
        const double rounding = 2 * difference.rounding;
        if (element.crosses_kink || rounding >= least) return;
        before = std::exchange(row, {difference.quotient});
        double power = 1;
        for (size_t j = 1; j <= before.size(); ++j) {
            power *= 4;
            row.push_back(row[j - 1] + (row[j - 1] - before[j - 1]) / (power - 1));
            const double error =
                std::max(std::abs(row[j] - row[j - 1]), std::abs(row[j] - before[j - 1])) + rounding;
            if (!(error < least)) continue;
            least = error;
            element.numeric = row[j];
            element.uncertainty = 2 * error;
        }
        if (least < 0.01 * agreement * std::abs(element.numeric)) return;
    }
}

}  // namespace

void check_gradient(const Vector& gradient, Parameters& at, std::span<const int64_t> indices, double step,
                    const std::function<Probe(const Parameters&)>& probe,
                    const std::function<bool(const CheckedElement&)>& checked) {
    require(at.values().precision() == Precision::f64, "a gradient is checked in double precision");
    Differences differences(at, probe);
    for (const int64_t i : indices) {
        const double h = step * std::max(1.0, std::abs(at.values().at(i)));
        const Difference first = differences(i, h);
        CheckedElement element{.index = i,
                               .analytic = gradient.at(i),
                               .numeric = first.quotient,
                               .uncertainty = first.rounding,
                               .crosses_kink = first.crosses_kink};
        if (!element.crosses_kink && !element.is_explained() && !(element.error() <= agreement))
            extrapolate(element, differences, h, first);
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
        if (!e.is_explained()) summary.unexplained = std::max(summary.unexplained, error);
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

GradientVerdict judge(const GradientSummary& summary, int64_t layers, bool has_kinks) {
    const double largest_error = summary.unexplained;
    if (largest_error <= 1e-7)
        return summary.counted == 0 ? GradientVerdict::not_shown : GradientVerdict::right;
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
        case GradientVerdict::not_shown:
            return "not shown: every element that was checked is a kink, or smaller than what its difference "
                   "is uncertain by; fewer --check-examples or a smaller --step leave kinks out of the step, "
                   "a larger --step makes rounding small, --samples 0 checks every element";
        default:
            return "wrong: an error above 1e-2 that no kink, no rounding and no step explains";
    }
}

}  // namespace ravine
