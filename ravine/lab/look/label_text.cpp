#include "ravine/lab/look/label_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ravine {

std::string label_text(const Dataset& data, std::span<const float> targets) {
    std::string text;
    for (size_t j = 0; j < targets.size(); ++j)
        if (targets[j] > 0.5F) text += (text.empty() ? "" : " + ") + data.classes[j];
    return text.empty() ? "none" : text;
}

std::string label_caption(const Dataset& data, std::span<const float> targets) {
    std::string text = label_text(data, targets);
    const auto count = std::ranges::count_if(targets, [](float t) { return t > 0.5F; });
    return text.size() <= 8 || count == 1 ? text : fmt::format("{} labels", count);
}

std::vector<float> labels_of(const Dataset& data, int64_t example) {
    const auto first = data.values.begin() + example * data.output_count;
    return {first, first + data.output_count};
}

}  // namespace ravine
