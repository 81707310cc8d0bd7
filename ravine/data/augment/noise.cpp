#include "ravine/data/augment/noise.hpp"

#include <algorithm>
#include <array>

#include "ravine/data/augment/draws.hpp"

namespace ravine {

void Noise::apply(const AugmentedExample& example) const {
    std::array<uint32_t, 256> words;
    const auto& deviations = example.normalization.deviation;
    size_t channel = 0;
    for (size_t begin = 0; begin < example.features.size(); begin += words.size()) {
        const auto part =
            example.features.subspan(begin, std::min(words.size(), example.features.size() - begin));
        random_words(example.key, example.item, begin / 4, std::span(words).first(part.size()));
        for (size_t i = 0; i < part.size(); ++i) {
            part[i] += static_cast<float>(deviation * deviations[channel]) * normal_of(words[i]);
            if (++channel == deviations.size()) channel = 0;
        }
    }
}

}  // namespace ravine
