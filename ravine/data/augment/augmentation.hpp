#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/data/augment/image.hpp"
#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"

namespace ravine {

/// A training example on its way to the model: what an augmentation may read and changes in place.
struct AugmentedExample {
    /// Before normalisation: of a table less their means, of an image as loaded, bytes as numbers in [0, 1].
    std::span<float> features;
    /// A distribution over the classes, labels, or the values of a regression, less their means.
    std::span<float> targets;
    const Shape& shape;                     ///< of the features
    const Normalization& normalization;     ///< fitted on the features of the training part
    RandomKey key;                          ///< of this augmentation's random numbers, with `item`
    uint64_t item;                          ///< the example's index in the training part
    RandomSequence& random;                 ///< of the same key
    std::span<float> scratch;               ///< scratch_images times as many numbers as the features
    std::span<const float> other_features;  ///< mixes: another example, which came the same way
    std::span<const float> other_targets;

    static constexpr int64_t scratch_images = 3;
    /// Of features {height, width, channels}.
    ImageView image() const { return {features.data(), shape[0], shape[1], shape[2]}; }
};

/// A random change of training examples that leaves their meaning, or changes the targets with it: vicinal
/// risk minimisation (Chapelle, Weston, Bottou and Vapnik 2001). One that is made at random by a key, so
/// neither threads nor the place in a batch change it.
class Augmentation {
public:
    virtual ~Augmentation() = default;

    /// Throws RequestError where it makes no sense for such data.
    virtual void check(const Dataset& training) const = 0;
    /// Whether it needs another example of the training part, drawn uniformly.
    virtual bool mixes() const { return false; }
    /// The weight of a consistency loss between three views of an example, of which the first one misses this
    /// augmentation; 0: none.
    virtual double consistency_weight() const { return 0; }
    /// Allocates nothing.
    virtual void apply(const AugmentedExample& example) const = 0;
};

/// The augmentations by name.
const Catalog<std::unique_ptr<Augmentation>>& augmentations();

/// Augmentations one after another.
struct AugmentationChain {
    std::string text;  ///< "crop+flip+cutout:size=8"
    std::vector<std::unique_ptr<Augmentation>> steps;

    /// Throws RequestError for what makes no sense for such data.
    void check(const Dataset& training) const;
    /// Of the step that has one; 0: none.
    double consistency_weight() const;
};

/// The specs of a chain, NAME:key=value,... joined by '+'. Of "none", or nothing, there are none.
std::vector<Spec> parse_augmentation(const std::string& text);

/// Makes a chain; null for "none" and for nothing. Throws RequestError for unknown names, bad settings, and
/// two steps with a consistency loss.
std::shared_ptr<const AugmentationChain> make_augmentation(const std::string& text);

/// For check(): throws RequestError("augmentation 'NAME' is for images ...") where examples are no images.
void require_images(const std::string& name, const Dataset& training);

}  // namespace ravine
