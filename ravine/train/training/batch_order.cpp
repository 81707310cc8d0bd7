#include "ravine/train/training/batch_order.hpp"

#include <algorithm>

namespace ravine {

BatchOrder::BatchOrder(const Settings& settings)
    : settings_(settings),
      order_(static_cast<size_t>(settings.examples)),
      next_order_(static_cast<size_t>(settings.examples)) {}

void BatchOrder::begin(int64_t epoch) {
    if (next_epoch_ == epoch)
        order_.swap(next_order_);
    else
        arrange(epoch, order_);
    epoch_ = epoch;
    next_epoch_ = -1;
    if (settings_.curriculum) settings_.curriculum->begin_epoch(epoch);
}

std::span<const int64_t> BatchOrder::after(int64_t index) {
    if (const auto next = cut(order_, index + 1); !next.empty()) return next;
    if (next_epoch_ < 0) arrange(next_epoch_ = epoch_ + 1, next_order_);
    return cut(next_order_, 0);
}

int64_t BatchOrder::examples_in(int64_t batches) const {
    return std::min(batches * settings_.batch, settings_.examples);
}

void BatchOrder::arrange(int64_t epoch, std::vector<int64_t>& order) const {
    epoch_order(settings_.sampling, settings_.seed, epoch, order);
    if (settings_.curriculum) settings_.curriculum->arrange(epoch, order);
}

std::span<const int64_t> BatchOrder::cut(const std::vector<int64_t>& order, int64_t index) const {
    const auto size = static_cast<size_t>(settings_.batch);
    const size_t begin = std::min(static_cast<size_t>(index) * size, order.size());
    return std::span(order).subspan(begin, std::min(size, order.size() - begin));
}

}  // namespace ravine
