#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ravine/core/values/parameters.hpp"

namespace ravine {

/// |analytic - numeric| / max(|analytic|, |numeric|), and 0 where both are 0 (paper D, section 5.2; Karpathy
/// 2015, CS231n).
double relative_error(double analytic, double numeric);

/// A function at one point: its value, and a digest of every choice that it makes there (which side of a kink
/// each ReLU is on, which element a maximum takes). Two points with different digests have a kink between
/// them.
struct Probe {
    double value;
    uint64_t choices = 0;
};

/// One element of a gradient beside the derivative by central differences.
struct CheckedElement {
    int64_t index;  ///< in the flat vector
    double analytic, numeric;
    double uncertainty;  ///< how far rounding, and steps that are not short enough, may put `numeric` off
    bool crosses_kink;   ///< between theta - h and theta + h: the difference quotient is no derivative

    double error() const { return relative_error(analytic, numeric); }
    /// The difference is no larger than the uncertainty explains: nothing speaks against the gradient.
    bool is_explained() const;
    /// The uncertainty may be more than 1e-4 of both: an error could hide in it.
    bool is_too_small() const;
    /// Both are so small (below 1e-10) that floating-point numbers are sparse relative to them.
    bool is_below_active_range() const;
};

/// Compares elements `indices` of `gradient` with the central difference n(h) = (F(theta + h e_i) -
/// F(theta - h e_i)) / 2h, h = step * max(1, |theta_i|), in double precision. Where they differ by more than
/// 1e-7 of the larger and by more than rounding explains, h is halved up to ten times and n(h), n(h/2), ...
/// are extrapolated to h = 0 (Richardson 1911; Ridders 1982), which takes the truncation of n(h), of order
/// h^2, away and tells how much of it is left; what rounding does to F is measured beside theta (More and
/// Wild 2011). Neither looks at the gradient, so that errors of the gradient stay.
///
/// `at` is moved and put back; `probe` evaluates F there; `checked` hears of each element as it is done and
/// returns whether to go on.
void check_gradient(const Vector& gradient, Parameters& at, std::span<const int64_t> indices, double step,
                    const std::function<Probe(const Parameters&)>& probe,
                    const std::function<bool(const CheckedElement&)>& checked);

/// What the errors say, by the study's thresholds (paper D, section 5.2).
enum class GradientVerdict { right, acceptable, doubtful, wrong, not_shown };

/// What a check amounts to.
struct GradientSummary {
    int64_t checked = 0, kinks = 0, too_small = 0, below_active_range = 0;
    int64_t counted = 0;             ///< those that remain without kinks and those that are too small
    double largest = 0, median = 0;  ///< their relative errors
    int64_t worst = -1;              ///< the place in `elements` of the largest
    double unexplained = 0;          ///< the largest that no uncertainty explains, of all but the kinks
};

GradientSummary summarize_check(std::span<const CheckedElement> elements);

/// By the largest error that nothing explains. right: at most 1e-7; acceptable: at most 1e-4 where the
/// function has kinks, at most 1e-2 for networks of ten layers or more; wrong: above 1e-2; doubtful between;
/// not shown: there is no such error, but neither is there an element that could have shown one.
GradientVerdict judge(const GradientSummary& summary, int64_t layers, bool has_kinks);

/// The verdict in words.
std::string explain(GradientVerdict verdict);

}  // namespace ravine
