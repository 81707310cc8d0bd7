#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace ravine {

/// Numbers of several seeds at one place of a curve.
struct Spread {
    int64_t count = 0;
    double sum = 0, low = 0, high = 0;

    /// NaN adds nothing.
    void add(double value);
    double mean() const { return sum / static_cast<double>(count); }
};

/// A curve over seeds: at each place (an epoch, an update) the mean of what the axes and the measure are
/// there, and the measure's smallest and largest value.
class SpreadCurve {
public:
    explicit SpreadCurve(size_t axes) : axes_(axes) {}

    /// One seed at a place. A NaN measure is left out: a seed that diverged.
    void add(int64_t place, const std::vector<double>& axes, double value);

    size_t size() const { return places_.size(); }

    /// Rows {series, axes..., seeds, mean, low, high}, at most `most`: neighbours are put together, their
    /// means averaged, keeping the smallest low and the largest high.
    std::vector<std::vector<double>> rows(size_t series, size_t most) const;

private:
    struct Place {
        std::vector<Spread> axes;
        Spread value;
    };

    size_t axes_;
    std::map<int64_t, Place> places_;
};

/// More points are not told apart on a screen.
constexpr size_t most_points_of_curve = 1000;

}  // namespace ravine
