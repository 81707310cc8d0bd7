#include "ravine/lab/report/spread.hpp"

#include <algorithm>
#include <cmath>

namespace ravine {

void Spread::add(double value) {
    if (std::isnan(value)) return;
    low = count == 0 ? value : std::min(low, value);
    high = count == 0 ? value : std::max(high, value);
    sum += value;
    ++count;
}

void SpreadCurve::add(int64_t place, const std::vector<double>& axes, double value) {
    if (std::isnan(value)) return;
    Place& here = places_.try_emplace(place, Place{std::vector<Spread>(axes_), {}}).first->second;
    for (size_t a = 0; a < axes_; ++a) here.axes[a].add(axes[a]);
    here.value.add(value);
}

std::vector<std::vector<double>> SpreadCurve::rows(size_t series, size_t most) const {
    const size_t together = (places_.size() + most - 1) / std::max<size_t>(most, 1);
    std::vector<std::vector<double>> rows;
    for (auto at = places_.begin(); at != places_.end();) {
        std::vector<Spread> axes(axes_);
        Spread seeds, mean, low, high;
        for (size_t i = 0; i < together && at != places_.end(); ++i, ++at) {
            const Place& place = at->second;
            for (size_t a = 0; a < axes_; ++a)
                if (place.axes[a].count > 0) axes[a].add(place.axes[a].mean());
            seeds.add(static_cast<double>(place.value.count));
            mean.add(place.value.mean());
            low.add(place.value.low);
            high.add(place.value.high);
        }
        std::vector<double> row{static_cast<double>(series)};
        for (const auto& axis : axes) row.push_back(axis.count > 0 ? axis.mean() : std::nan(""));
        row.insert(row.end(), {seeds.low, mean.mean(), low.low, high.high});
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace ravine
