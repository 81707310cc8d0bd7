#include "ravine/train/training/full_batch.hpp"

#include <algorithm>
#include <numeric>

#include "ravine/core/error.hpp"

namespace ravine {

FullBatch::FullBatch(const Network& network, const Dataset& data, const Normalization& features,
                     const Normalization& targets, const Vector& buffers, int64_t chunk,
                     CompileOptions options)
    : examples_(static_cast<size_t>(data.size())),
      chunk_(std::min(chunk, data.size())),
      chunks_(chunk_ > 0 ? (data.size() + chunk_ - 1) / chunk_ : 0),
      loader_(data, features, targets, std::max<int64_t>(chunk_, 1), options.precision, nullptr, 0,
              options.threads),
      sample_(batch_sample(network, loader_, buffers)) {
    require(chunks_ > 0, "a full batch of {} examples in chunks of {}", data.size(), chunk);
    std::iota(examples_.begin(), examples_.end(), int64_t{0});
    std::vector<double> sizes;
    for (int64_t i = 0; i < chunks_; ++i) {
        const auto size = std::ssize(examples_of(i));
        sizes.push_back(static_cast<double>(size));
        auto& objective = objectives_[size];
        if (!objective) objective = batch_objective(network, size, options);
    }
    objective_ = std::make_unique<SummedObjective>(
        sizes, [this](int64_t i) -> Objective& { return prepared(i); }, network.parameters()->size, options);
}

void FullBatch::set(SampleName name, double scalar) {
    sample_.set(name, scalar);
    loaded_ = -1;
}

std::span<const int64_t> FullBatch::examples_of(int64_t i) const {
    const auto rest = std::span(examples_).subspan(static_cast<size_t>(i * chunk_));
    return rest.first(std::min(static_cast<size_t>(chunk_), rest.size()));
}

Objective& FullBatch::prepared(int64_t i) {
    const auto examples = examples_of(i);
    GraphObjective& objective = *objectives_.at(std::ssize(examples));
    if (i == loaded_) return objective;
    loader_.load(examples);
    if (chunks_ > 1) loader_.prepare_next(examples_of((i + 1) % chunks_), 0);
    loader_.give_to(sample_);
    objective.on(sample_);
    loaded_ = i;
    return objective;
}

}  // namespace ravine
