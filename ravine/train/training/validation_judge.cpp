#include "ravine/train/training/validation_judge.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/core/values/random.hpp"

namespace ravine {
namespace {

int64_t checked_count(const Parts& parts) {
    if (parts.validation.size() == 0)
        fail_request(
            "--rate: batch=validation: there are no validation examples; batch=training judges by those");
    return parts.validation.size();
}

}  // namespace

ValidationJudge::ValidationJudge(const Network& network, const Parts& parts, const Vector& buffers,
                                 int64_t batch, uint64_t seed, CompileOptions compile,
                                 const std::shared_ptr<const AugmentationChain>& augmentation)
    : count_(checked_count(parts)),
      batch_(std::min(batch, count_)),
      seed_(seed),
      // Views of an example belong to the loss; else validation examples are looked at as they are.
      loader_(parts.validation, parts.schema.normalization, parts.schema.target_normalization, batch_,
              compile.precision, network.training_views() > 1 ? augmentation : nullptr, seed,
              compile.threads),
      sample_(batch_sample(network, loader_, buffers)),
      objective_(batch_objective(network, batch_, compile)) {
    examples_.reserve(static_cast<size_t>(batch_));
}

GraphObjective& ValidationJudge::draw(int64_t step) {
    RandomSequence random(
        {.seed = seed_, .purpose = Purpose::validation_batches, .step = static_cast<uint64_t>(step)});
    // Floyd's: as many different ones as the batch holds, each set as likely as any other.
    examples_.clear();
    for (int64_t last = count_ - batch_; last < count_; ++last) {
        const auto drawn = static_cast<int64_t>(random.below(static_cast<uint64_t>(last) + 1));
        examples_.push_back(std::ranges::find(examples_, drawn) == examples_.end() ? drawn : last);
    }
    loader_.load(examples_, step);
    loader_.give_to(sample_);
    objective_->on(sample_);
    return *objective_;
}

}  // namespace ravine
