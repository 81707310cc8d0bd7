#include "ravine/lab/look/augmented_sheet.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/core/text/printable.hpp"
#include "ravine/data/augment/augmenter.hpp"
#include "ravine/lab/look/label_text.hpp"

namespace ravine {
namespace {

std::string caption_of(const Dataset& data, const Augmenter& augmenter) {
    const auto targets = augmenter.targets();
    if (data.task == Task::regression)
        return fmt::format("{:.4g}", targets.front() + augmenter.target_centres().front());
    if (data.task == Task::autoencoding) return "";
    if (data.task == Task::multi_label) return printable(label_caption(data, targets));
    const auto largest = std::ranges::max_element(targets);
    const std::string name = printable(data.classes[static_cast<size_t>(largest - targets.begin())]);
    return *largest >= 0.995F ? name : fmt::format("{:.0f} % {}", 100 * *largest, name);
}

}  // namespace

AugmentedSheet augmented_sheet(const Parts& parts, const std::vector<std::string>& chains,
                               std::span<const int64_t> examples, uint64_t seed) {
    const Dataset& data = parts.training;
    if (data.feature_shape.size() != 3)
        fail_request("--augment: expected images to draw; '{}' has examples of shape {}", data.name,
                     to_string(data.feature_shape));
    AugmentedSheet sheet;
    sheet.images = {.name = data.name, .feature_shape = data.feature_shape, .classes = {}};
    std::vector<float> numbers;
    int64_t count = 0;
    const auto add_row = [&](const std::string& label, int64_t view, int64_t step, Augmenter& augmenter) {
        SheetRow row{.label = label};
        for (const int64_t example : examples) {
            augmenter.augment(example, step);
            const auto features = augmenter.features(view);
            numbers.insert(numbers.end(), features.begin(), features.end());
            row.examples.push_back(count++);
            row.captions.push_back(caption_of(data, augmenter));
        }
        sheet.rows.push_back(std::move(row));
    };
    const auto augmenter_of = [&](std::shared_ptr<const AugmentationChain> chain) {
        return Augmenter(std::move(chain), data, parts.schema.normalization,
                         parts.schema.target_normalization, seed);
    };
    auto unchanged = augmenter_of(std::make_shared<AugmentationChain>());
    add_row("original", 0, 0, unchanged);
    const int64_t updates = chains.size() == 1 ? 4 : 1;
    for (const auto& text : chains) {
        const auto chain = make_augmentation(text);
        if (!chain) continue;
        auto augmenter = augmenter_of(chain);
        for (int64_t step = 0; step < updates; ++step)
            add_row(step == 0 ? text : "", augmenter.views() - 1, step, augmenter);
    }
    sheet.images.features = std::move(numbers);
    return sheet;
}

}  // namespace ravine
