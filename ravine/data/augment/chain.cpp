#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/data/augment/augmentation.hpp"

namespace ravine {

void AugmentationChain::check(const Dataset& training) const {
    if (training.task == Task::autoencoding && !steps.empty())
        fail_request(
            "augmentation '{}': changes the features, which an autoencoding has as its targets too; use none",
            text);
    for (const auto& step : steps) step->check(training);
}

double AugmentationChain::consistency_weight() const {
    double weight = 0;
    for (const auto& step : steps) weight = std::max(weight, step->consistency_weight());
    return weight;
}

std::vector<Spec> parse_augmentation(const std::string& text) {
    if (text.empty() || text == "none") return {};
    auto specs = parse_chain("augment", text);
    if (std::ranges::find(specs, "none", &Spec::name) != specs.end())
        fail_request("augment: 'none' stands alone, found '{}'", text);
    return specs;
}

std::shared_ptr<const AugmentationChain> make_augmentation(const std::string& text) {
    const auto specs = parse_augmentation(text);
    if (specs.empty()) return nullptr;
    auto chain = std::make_shared<AugmentationChain>();
    chain->text = text;
    for (const auto& spec : specs) chain->steps.push_back(augmentations().make(spec));
    if (std::ranges::count_if(chain->steps, [](const auto& s) { return s->consistency_weight() > 0; }) > 1)
        fail_request("augment: two consistency losses in '{}'; set weight=0 in one of them", text);
    return chain;
}

void require_images(const std::string& name, const Dataset& training) {
    if (training.feature_shape.size() != 3)
        fail_request("augmentation '{}' is for images; '{}' has examples of shape {}", name, training.name,
                     to_string(training.feature_shape));
}

}  // namespace ravine
