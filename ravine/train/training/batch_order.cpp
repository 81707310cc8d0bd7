#include "ravine/train/training/batch_order.hpp"

#include <algorithm>

namespace ravine {

BatchOrder::BatchOrder(const Settings& settings)
    : settings_(settings),
      order_(static_cast<size_t>(settings.examples)),
      next_order_(static_cast<size_t>(settings.examples)) {}

int64_t BatchOrder::batches_of_pass() const {
    return settings_.examples / settings_.batch + (settings_.examples % settings_.batch != 0 ? 1 : 0);
}

std::optional<int64_t> BatchOrder::batches() const {
    if (settings_.epoch_length == EpochLength::endless) return {};
    return batches_of_pass();
}

BatchOrder::Place BatchOrder::find(int64_t index) const {
    if (settings_.epoch_length == EpochLength::one_pass) return {epoch_, index};
    return {index / batches_of_pass(), index % batches_of_pass()};
}

void BatchOrder::begin(int64_t epoch) {
    epoch_ = epoch;
    turn_to(find(0).pass);
    if (settings_.curriculum) settings_.curriculum->begin_epoch(epoch);
}

void BatchOrder::turn_to(int64_t pass) {
    if (pass == pass_) return;
    if (pass == next_pass_) {
        order_.swap(next_order_);
        next_pass_ = -1;
    } else {
        arrange(pass, order_);
    }
    pass_ = pass;
}

std::span<const int64_t> BatchOrder::batch(int64_t index) {
    const auto [pass, place] = find(index);
    turn_to(pass);
    return cut(order_, place);
}

std::span<const int64_t> BatchOrder::after(int64_t index) {
    const auto [pass, place] = find(index);
    if (const auto next = cut(order_, place + 1); !next.empty()) return next;
    if (next_pass_ != pass + 1) arrange(next_pass_ = pass + 1, next_order_);
    return cut(next_order_, 0);
}

int64_t BatchOrder::examples_in(int64_t batches) const {
    const int64_t passes = batches / batches_of_pass(), rest = batches % batches_of_pass();
    return passes * settings_.examples + std::min(rest * settings_.batch, settings_.examples);
}

void BatchOrder::arrange(int64_t pass, std::vector<int64_t>& order) const {
    epoch_order(settings_.sampling, settings_.seed, pass, order);
    if (settings_.curriculum) settings_.curriculum->arrange(pass, order);
}

std::span<const int64_t> BatchOrder::cut(const std::vector<int64_t>& order, int64_t index) const {
    const auto size = static_cast<size_t>(settings_.batch);
    const size_t begin = std::min(static_cast<size_t>(index) * size, order.size());
    return std::span(order).subspan(begin, std::min(size, order.size() - begin));
}

}  // namespace ravine
