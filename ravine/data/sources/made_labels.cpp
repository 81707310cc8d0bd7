#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "ravine/core/values/random.hpp"
#include "ravine/data/sources/made.hpp"

namespace ravine {

Dataset make_overlapping_discs(const OverlappingDiscs& settings, uint64_t seed) {
    constexpr double radius = 0.6, distance = 0.4;
    const auto examples = static_cast<size_t>(settings.examples);
    const auto labels = static_cast<size_t>(settings.labels);
    Dataset data{.name = "overlapping-discs",
                 .task = Task::multi_label,
                 .feature_shape = {2},
                 .output_count = settings.labels,
                 .columns = {"x0", "x1"}};
    std::vector<float> features;
    features.reserve(2 * examples);
    data.values.reserve(examples * labels);
    for (size_t j = 0; j < labels; ++j) data.classes.push_back(fmt::format("disc{}", j));
    for (size_t i = 0; i < examples; ++i) {
        RandomSequence random({.seed = seed, .purpose = Purpose::data}, i);
        const auto x = static_cast<float>(random.uniform(-1, 1)),
                   y = static_cast<float>(random.uniform(-1, 1));
        features.insert(features.end(), {x, y});
        for (size_t j = 0; j < labels; ++j) {
            const double angle = 2 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(labels);
            const double from_centre =
                std::hypot(x - distance * std::cos(angle), y - distance * std::sin(angle));
            const bool is_inside = from_centre < radius, is_flipped = random.uniform() < settings.flip;
            data.values.push_back(is_inside != is_flipped ? 1.0F : 0.0F);
        }
    }
    data.features = std::move(features);
    return data;
}

}  // namespace ravine
