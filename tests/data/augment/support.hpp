#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "ravine/data/augment/augmentation.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {

using Floats = std::vector<float>;

/// An example that an augmentation can be applied to.
struct AugmentedSample {
    Shape shape;
    Floats features, targets = {}, other_features = {}, other_targets = {};
    Normalization normalization = Normalization::identity(1);
    Floats scratch = {};

    void apply(const Augmentation& augmentation, uint64_t item) {
        scratch.resize(AugmentedExample::scratch_images * features.size());
        const RandomKey key{.seed = 3, .purpose = Purpose::test};
        RandomSequence random(key, item);
        augmentation.apply({.features = features,
                            .targets = targets,
                            .shape = shape,
                            .normalization = normalization,
                            .key = key,
                            .item = item,
                            .random = random,
                            .scratch = scratch,
                            .other_features = other_features,
                            .other_targets = other_targets});
    }
};

inline Floats ramp(size_t count, float first = 1) {
    Floats numbers(count);
    for (size_t i = 0; i < count; ++i) numbers[i] = first + static_cast<float>(i);
    return numbers;
}

/// `count` images of bytes, image i of class i mod `classes`.
inline Dataset byte_images(Shape shape, int64_t count, int64_t classes = 3) {
    Dataset data{.name = "small", .feature_shape = std::move(shape), .output_count = classes, .classes = {}};
    std::vector<uint8_t> bytes(static_cast<size_t>(count * element_count(data.feature_shape)));
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37 + i / 11);
    data.features = std::move(bytes);
    for (int64_t c = 0; c < classes; ++c) data.classes.push_back(std::string(1, static_cast<char>('a' + c)));
    for (int64_t i = 0; i < count; ++i) data.labels.push_back(static_cast<int32_t>(i % classes));
    data.check();
    return data;
}

}  // namespace ravine::test
