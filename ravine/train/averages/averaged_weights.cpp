#include "ravine/train/averages/averaged_weights.hpp"

#include <utility>

namespace ravine {

AveragedWeights::AveragedWeights(Averaging averaging, const Network& network, const Parts& parts,
                                 int64_t batch, std::shared_ptr<const AugmentationChain> augmentation,
                                 uint64_t seed, CompileOptions options)
    : averaging_(averaging),
      network_(network),
      parts_(parts),
      batch_(batch),
      augmentation_(std::move(augmentation)),
      seed_(seed),
      options_(options),
      average_(averaging, network.parameters()->size, options),
      parameters_(network.parameters(), options.precision),
      kept_(average_.mean()) {}

void AveragedWeights::keep() {
    kept_.assign(average_.mean());
    kept_count_ = average_.count();
}

void AveragedWeights::restore() {
    const SavedState state = average_.state();
    state.tensors.front().values->assign(kept_);
    *state.counters.front().value = kept_count_;
    parameters_count_ = buffers_count_ = 0;
}

SavedState AveragedWeights::state() {
    SavedState result = average_.state();
    result.tensors.push_back({"kept", {kept_.size()}, &kept_});
    result.counters.push_back({"kept_count", &kept_count_});
    return result;
}

void AveragedWeights::add(const Parameters& weights, int64_t step, int64_t total) {
    if (static_cast<double>(step) > averaging_.start * static_cast<double>(total)) average_.add(weights);
}

const Parameters& AveragedWeights::parameters() {
    if (parameters_count_ != average_.count()) parameters_.write()->assign(average_.mean());
    parameters_count_ = average_.count();
    return parameters_;
}

const Vector& AveragedWeights::buffers(const Vector& buffers) {
    if (buffers.size() == 0) return buffers;
    if (buffers_count_ == average_.count()) return buffers_;
    if (!statistics_) {
        const Schema& schema = parts_.schema;
        loader_.emplace(parts_.training, schema.normalization, schema.target_normalization, batch_,
                        options_.precision, augmentation_, seed_, options_.threads);
        statistics_.emplace(network_, parts_.training, batch_, options_);
    }
    buffers_ = buffers;
    forward_passes_ += statistics_->observe(parameters(), *loader_, buffers_);
    buffers_count_ = average_.count();
    return buffers_;
}

}  // namespace ravine
