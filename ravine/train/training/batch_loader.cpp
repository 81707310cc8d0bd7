#include "ravine/train/training/batch_loader.hpp"

#include <algorithm>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/data/batch.hpp"

namespace ravine {
namespace {

/// Waking a thread, or several, takes some ten microseconds, as gathering so many numbers does.
constexpr int64_t worth_a_thread = 1 << 15;

}  // namespace

BatchLoader::BatchLoader(const Dataset& data, const Normalization& features, const Normalization& targets,
                         int64_t largest, Precision precision,
                         const std::shared_ptr<const AugmentationChain>& augmentation, uint64_t seed,
                         int threads)
    : data_(data),
      feature_normalization_(features),
      target_normalization_(targets),
      weights_(largest, precision, 1),
      start_(data.output_count, precision),
      seed_(seed) {
    if (augmentation) augmenters_.emplace_back(augmentation, data, features, targets, seed);
    const int64_t width = element_count(data.feature_shape);
    const bool is_large = largest * views() * width >= worth_a_thread;
    const bool has_thread = is_large && threads < available_threads();
    thrown_.resize(is_large && !has_thread ? static_cast<size_t>(threads) : 1);
    if (augmentation)
        while (augmenters_.size() < thrown_.size())
            augmenters_.emplace_back(augmentation, data, features, targets, seed);
    for (size_t i = 0; i < (has_thread ? 2U : 1U); ++i) {
        batches_[i].features = Vector(largest * views() * width, precision);
        batches_[i].targets = Vector(largest * data.output_count, precision);
        batches_[i].keys.resize(static_cast<size_t>(largest * views()));
    }
    if (has_thread) next_task_ = std::make_unique<BackgroundTask>([this] { fill(batches_[1 - front_]); });
    if (!augmentation) return;
    for (int64_t i = 0; i < width; ++i) {
        const auto channel = static_cast<size_t>(i % features.channels());
        means_.push_back(features.mean[channel] - augmenters_[0].feature_centres()[static_cast<size_t>(i)]);
        factors_.push_back(1 / features.deviation[channel]);
    }
    single_means_.assign(means_.begin(), means_.end());
    single_factors_.assign(factors_.begin(), factors_.end());
}

void BatchLoader::load(std::span<const int64_t> examples, int64_t step) {
    if (next_is_due_) {
        next_is_due_ = false;
        next_task_->wait();
        front_ = 1 - front_;
        if (holds(current(), examples, step)) return;
    }
    note(current(), examples, step);
    fill(current());
}

void BatchLoader::prepare_next(std::span<const int64_t> examples, int64_t step) {
    if (!next_task_ || next_is_due_) return;
    note(batches_[1 - front_], examples, step);
    next_task_->start();
    next_is_due_ = true;
}

void BatchLoader::give_to(Sample& sample) const {
    const Batch& batch = current();
    sample.set_examples(batch.size);
    sample.set(sample_names::features, batch.features);
    sample.set(sample_names::targets, batch.targets);
    sample.set(sample_names::example_weights, weights_);
    sample.set(sample_names::start_targets, start_);
    sample.set_random({seed_, static_cast<uint64_t>(batch.step), row_keys()});
}

void BatchLoader::set_start_targets(std::span<const double> start) {
    require(std::ssize(start) == start_.size(), "a start of {} targets for {}", start.size(), start_.size());
    for (size_t i = 0; i < start.size(); ++i) start_.set(static_cast<int64_t>(i), start[i]);
}

std::span<const int64_t> BatchLoader::row_keys() const {
    return std::span(current().keys).first(static_cast<size_t>(current().size * views()));
}

void BatchLoader::note(Batch& batch, std::span<const int64_t> examples, int64_t step) const {
    require(examples.size() * static_cast<size_t>(views()) <= batch.keys.size(),
            "a batch of {} examples in a loader for {}", examples.size(), batch.keys.size());
    batch.size = std::ssize(examples);
    batch.step = step;
    for (int64_t view = 0; view < views(); ++view)
        std::ranges::transform(examples, batch.keys.begin() + view * batch.size,
                               [&](int64_t example) { return example + view * data_.size(); });
}

bool BatchLoader::holds(const Batch& batch, std::span<const int64_t> examples, int64_t step) {
    return batch.step == step && batch.size == std::ssize(examples) &&
           std::equal(examples.begin(), examples.end(), batch.keys.begin());
}

void BatchLoader::fill(Batch& batch) {
    const int64_t parts = std::ssize(thrown_);
    const auto fill_part = [&](int64_t part) {
        const int64_t begin = batch.size * part / parts, end = batch.size * (part + 1) / parts;
        batch.features.precision() == Precision::f64 ? fill_rows<double>(batch, part, begin, end)
                                                     : fill_rows<float>(batch, part, begin, end);
    };
    stealing_work(static_cast<int>(parts), parts, [&](int, int64_t part) {
        try {
            fill_part(part);
        } catch (...) {  // which no thread may leave
            thrown_[static_cast<size_t>(part)] = std::current_exception();
        }
    });
    for (auto& thrown : thrown_)
        if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
}

template <class T>
void BatchLoader::fill_rows(Batch& batch, int64_t part, int64_t begin, int64_t end) {
    if (!augmenters_.empty()) return fill_augmented<T>(batch, part, begin, end);
    const int64_t width = element_count(data_.feature_shape);
    const auto examples =
        std::span(batch.keys).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    gather_features(data_, feature_normalization_, examples,
                    static_cast<T*>(batch.features.data()) + begin * width);
    gather_targets(data_, target_normalization_, examples,
                   static_cast<T*>(batch.targets.data()) + begin * data_.output_count);
}

template <class T>
void BatchLoader::fill_augmented(Batch& batch, int64_t part, int64_t begin, int64_t end) {
    Augmenter& augmenter = augmenters_[static_cast<size_t>(part)];
    const T *mean = nullptr, *factor = nullptr;
    if constexpr (std::is_same_v<T, float>)
        mean = single_means_.data(), factor = single_factors_.data();
    else
        mean = means_.data(), factor = factors_.data();
    const int64_t width = std::ssize(means_), columns = data_.output_count;
    auto* features = static_cast<T*>(batch.features.data());
    auto* targets = static_cast<T*>(batch.targets.data()) + begin * columns;
    for (int64_t i = begin; i < end; ++i) {
        augmenter.augment(batch.keys[static_cast<size_t>(i)], batch.step);
        for (int64_t view = 0; view < views(); ++view) {
            const float* from = augmenter.features(view).data();
            T* to = features + (view * batch.size + i) * width;
            for (int64_t k = 0; k < width; ++k) to[k] = (static_cast<T>(from[k]) - mean[k]) * factor[k];
        }
        for (int64_t j = 0; j < columns; ++j) {
            const auto k = static_cast<size_t>(j);
            const double target = augmenter.targets()[k];
            const double centre = augmenter.target_centres()[k];
            *targets++ = static_cast<T>(data_.task == Task::classification
                                            ? target
                                            : (target - (target_normalization_.mean[k] - centre)) /
                                                  target_normalization_.deviation[k]);
        }
    }
}

}  // namespace ravine
