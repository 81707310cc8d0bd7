#include "ravine/data/augment/augmenter.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

bool is_table(const Dataset& data) {
    return data.feature_shape.size() == 1 && !std::holds_alternative<Rows<uint8_t>>(data.features);
}

}  // namespace

Augmenter::Augmenter(std::shared_ptr<const AugmentationChain> chain, const Dataset& training,
                     const Normalization& features, const Normalization& targets, uint64_t seed)
    : chain_(std::move(chain)),
      training_(training),
      normalization_(features),
      seed_(seed),
      feature_centres_(static_cast<size_t>(element_count(training.feature_shape))),
      target_centres_(static_cast<size_t>(training.output_count)) {
    chain_->check(training);
    if (is_table(training)) feature_centres_ = features.mean;
    if (training.task == Task::regression || (is_table(training) && training.task == Task::autoencoding))
        target_centres_ = targets.mean;
    const auto width = feature_centres_.size();
    const Slot slot{std::vector<float>(width), std::vector<float>(target_centres_.size())};
    views_.assign(chain_->consistency_weight() > 0 ? 3 : 1, slot);
    others_.assign(static_cast<size_t>(std::ranges::count_if(
                       chain_->steps, [](const auto& augmentation) { return augmentation->mixes(); })),
                   slot);
    scratch_.resize(AugmentedExample::scratch_images * width);
}

void Augmenter::load(int64_t example, Slot& slot) const {
    const int64_t width = std::ssize(slot.features);
    const auto centred = [&]<class T>(const Rows<T>& rows) {
        std::transform(rows.row(example, width), rows.row(example, width) + width, feature_centres_.begin(),
                       slot.features.begin(),
                       [](T x, double centre) { return static_cast<float>(x - centre); });
    };
    if (const auto* bytes = std::get_if<Rows<uint8_t>>(&training_.features)) {
        const uint8_t* row = bytes->row(example, width);
        for (int64_t i = 0; i < width; ++i)
            slot.features[static_cast<size_t>(i)] = static_cast<float>(row[i]) / 255;
    } else if (const auto* doubles = std::get_if<Rows<double>>(&training_.features)) {
        centred(*doubles);
    } else if (const auto& floats = std::get<Rows<float>>(training_.features); is_table(training_)) {
        centred(floats);
    } else {
        std::copy_n(floats.row(example, width), width, slot.features.begin());
    }
    if (training_.task == Task::classification) {
        std::ranges::fill(slot.targets, 0.0F);
        slot.targets[static_cast<size_t>(training_.labels[static_cast<size_t>(example)])] = 1;
    } else {
        for (int64_t i = 0; i < training_.output_count; ++i)
            slot.targets[static_cast<size_t>(i)] =
                static_cast<float>(training_.value(example, i) - target_centres_[static_cast<size_t>(i)]);
    }
}

void Augmenter::fill(Slot& slot, int64_t example, int64_t step, size_t view, size_t count, size_t level) {
    load(example, slot);
    for (size_t i = 0; i < count; ++i) {
        const Augmentation& augmentation = *chain_->steps[i];
        // What the views differ in is drawn for each of them, everything else once for all.
        const bool has_views = augmentation.consistency_weight() > 0;
        if (has_views && view == 0) continue;
        constexpr size_t most_steps = 1024;
        const RandomKey key{.seed = seed_,
                            .purpose = Purpose::augmentation,
                            .stream = static_cast<uint32_t>(i + (has_views ? view * most_steps : 0)),
                            .step = static_cast<uint64_t>(step)};
        RandomSequence random(key, static_cast<uint64_t>(example));
        AugmentedExample augmented{.features = slot.features,
                                   .targets = slot.targets,
                                   .shape = training_.feature_shape,
                                   .normalization = normalization_,
                                   .key = key,
                                   .item = static_cast<uint64_t>(example),
                                   .random = random,
                                   .scratch = scratch_,
                                   .other_features = {},
                                   .other_targets = {}};
        if (augmentation.mixes()) {
            const auto other = static_cast<int64_t>(random.below(static_cast<uint64_t>(training_.size())));
            fill(others_[level], other, step, view, i, level + 1);
            augmented.other_features = others_[level].features;
            augmented.other_targets = others_[level].targets;
        }
        augmentation.apply(augmented);
    }
}

void Augmenter::augment(int64_t example, int64_t step) {
    require(example >= 0 && example < training_.size(), "example {} of {}", example, training_.size());
    for (size_t view = 0; view < views_.size(); ++view)
        fill(views_[view], example, step, view, chain_->steps.size(), 0);
}

}  // namespace ravine
