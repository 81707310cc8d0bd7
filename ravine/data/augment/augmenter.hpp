#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

/// Draws augmented examples of one training part: a pure function of (seed, step, example), whatever thread
/// asks, in whatever order. Not for two threads at once.
class Augmenter {
public:
    /// Data and normalisation must outlive it. Throws RequestError where an augmentation makes no sense for
    /// the data.
    Augmenter(std::shared_ptr<const AugmentationChain> chain, const Dataset& training,
              const Normalization& features, const Normalization& targets, uint64_t seed);

    /// Versions of an example that an update sees: 3 with a consistency loss (the first one without the
    /// augmentation that has it), else 1.
    int64_t views() const { return static_cast<int64_t>(views_.size()); }

    /// Draws the example for an update. Allocates nothing.
    void augment(int64_t example, int64_t step);
    /// Of the example last drawn, before normalisation, less feature_centres(); bytes as numbers in [0, 1].
    std::span<const float> features(int64_t view) const { return views_[static_cast<size_t>(view)].features; }
    /// Of all its views: a distribution over the classes, labels, or values before normalisation, less
    /// target_centres().
    std::span<const float> targets() const { return views_.front().targets; }

    /// What was subtracted in double precision, for each feature and each target: the means of a table and of
    /// a regression's values, whose digits single precision might lose; of images, bytes and labels zeros.
    std::span<const double> feature_centres() const { return feature_centres_; }
    std::span<const double> target_centres() const { return target_centres_; }

private:
    struct Slot {
        std::vector<float> features, targets;
    };
    void load(int64_t example, Slot& slot) const;
    /// The example through the first `count` steps of the chain.
    void fill(Slot& slot, int64_t example, int64_t step, size_t view, size_t count, size_t level);

    std::shared_ptr<const AugmentationChain> chain_;
    const Dataset& training_;
    const Normalization& normalization_;
    uint64_t seed_;
    std::vector<double> feature_centres_, target_centres_;
    std::vector<Slot> views_;
    std::vector<Slot> others_;  // the examples that are mixed in; those of theirs come after
    std::vector<float> scratch_;
};

}  // namespace ravine
