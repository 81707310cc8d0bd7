#include "ravine/optim/rates/settling.hpp"

#include <algorithm>

#include "ravine/core/values/undefined.hpp"

namespace ravine {
namespace {

int64_t window_of(const Settling& settling, int64_t per_epoch) {
    constexpr int64_t least = 20, most = 1000;
    return settling.window > 0 ? settling.window : std::clamp(per_epoch, least, most);
}

}  // namespace

RateWatch::RateWatch(const Settling& settling, int64_t per_epoch)
    : window_(window_of(settling, per_epoch)),
      tolerance_(settling.tolerance),
      rates_(window_, Precision::f64),
      sorted_(window_, Precision::f64) {
    medians_.fill(undefined);
}

void RateWatch::note(double rate) {
    rates_.set(count_ % window_, rate);
    ++count_;
    if (count_ % window_ != 0) return;
    std::ranges::rotate(medians_, medians_.begin() + 1);
    medians_.back() = median();
}

double RateWatch::median() const {
    const auto known = static_cast<size_t>(std::min(count_, window_));
    if (known == 0) return undefined;
    const auto sorted = sorted_.as<double>().first(known);
    std::ranges::copy(rates_.as<double>().first(known), sorted.begin());
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(known / 2);
    std::ranges::nth_element(sorted, middle);
    // Of an even number the mean of the two in the middle.
    return known % 2 == 1 ? *middle : (*middle + *std::ranges::max_element(sorted.begin(), middle)) / 2;
}

LearnedRate RateWatch::found() const {
    const auto [low, high] = std::minmax({medians_[0], medians_[1], medians_[2]});
    const bool are_known = count_ >= 3 * window_;
    return {.median = median(),
            .updates = std::min(count_, window_),
            .is_settled = are_known && low > 0 && high <= (1 + tolerance_) * low};
}

SavedState RateWatch::state() {
    return {.tensors = {{"rates", {rates_.size()}, &rates_}},
            .numbers = {{"median_0", &medians_[0]}, {"median_1", &medians_[1]}, {"median_2", &medians_[2]}},
            .counters = {{"count", &count_}}};
}

}  // namespace ravine
