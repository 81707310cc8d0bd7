#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ravine/core/values/better.hpp"

namespace ravine {

/// A value of a tuned setting, and what it came to: the metric's mean over the seeds of tuning.
struct TriedValue {
    std::string value;
    double score;  ///< worst() where a trial diverged
};

/// Looks for the best value of a setting. `start` is tried at once. With `more` above 0 as many follow, one
/// at a time, by golden section over the logarithm between the best value and its neighbours (Kiefer 1953):
/// a line search that a few values over the whole range have bracketed, so that neither a cliff, where
/// training diverges, nor a plain, where nothing is learned, leads it astray.
///
///     ValueSearch search(log_grid("1e-4:1", 5), 4, Better::lower);
///     while (!search.next().empty())
///         for (const auto& value : search.next()) ...;  // then tell(), in this order
class ValueSearch {
public:
    /// Without `more`, values may be any texts.
    ValueSearch(std::vector<std::string> start, int64_t more, Better better);

    /// What is to be tried next; nothing: the search has ended, because as many were tried as was said, or
    /// because the bracket is narrower than three digits.
    const std::vector<std::string>& next() const { return next_; }
    /// What those came to, in their order.
    void tell(const std::vector<double>& scores);

    /// In the order given; with `more`, from the smallest to the largest.
    const std::vector<TriedValue>& tried() const { return tried_; }
    /// Of those tried; of equals the first. None where all are at the worst.
    std::optional<size_t> best() const;

private:
    std::vector<std::string> refined() const;

    std::vector<std::string> next_;
    int64_t more_;
    Better better_;
    std::vector<TriedValue> tried_;
};

/// "0.1 came to 0.93, 0.0316 before it came to 0.91, 0.316 behind it diverged": the best value among those
/// tried. Empty where it is alone.
std::string neighbourhood_text(const ValueSearch& search);

}  // namespace ravine
